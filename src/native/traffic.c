/* require "native.traffic": reads the database of exchanges, and replaces secrets as it is done there. */
#include "traffic/traffic.h"

#include "base/message.h"
#include "native/modules.h"
#include "native/native.h"
#include "native/rows.h"
#include "native/services.h"
#include "store/db.h"
#include "traffic/redact.h"

/* One statement while it runs, in a box. */
struct reading {
	struct pa_connection *connection;
	struct pa_statement *statement;
};

static void close_reading(void *held)
{
	const struct reading *reading = held;

	if (reading->statement)
		pa_statement_end(reading->statement);
	if (reading->connection)
		pa_db_return(reading->connection);
}

/* Begins the statement at index 1 with the parameters up to `last`. NULL with *error. */
static struct reading *begin(lua_State *L, int last, struct pa_error *error)
{
	struct pa_traffic *traffic = pa_native_services(L)->traffic;
	struct reading *reading = pa_native_box(L, sizeof *reading, close_reading);
	struct pa_span sql = pa_native_check_span(L, 1);

	if (!traffic) {
		pa_error_set(error, "off", "exchanges are not kept: TRAFFIC is off");
		return NULL;
	}
	pa_native_wait_begin(L); /* in memory, the thread that writes has the only connection */
	reading->connection = pa_db_lease(pa_traffic_db(traffic), PA_DB_READ, error);
	pa_native_wait_end(L);
	if (!reading->connection)
		return NULL;
	reading->statement = pa_statement_begin(reading->connection, sql, false, error);
	if (!reading->statement)
		return NULL;
	pa_rows_bind(L, reading->statement, last);
	if (!pa_statement_writes(reading->statement))
		return reading;
	pa_error_set(error, "syntax", "this statement writes");
	return NULL;
}

static int l_query(lua_State *L)
{
	int last = lua_gettop(L), result;
	lua_Integer count = 0;
	struct pa_error error;
	struct reading *reading = begin(L, last, &error);

	if (!reading)
		return pa_native_fail_with(L, &error);
	lua_newtable(L);
	while ((result = pa_statement_step(reading->statement, &error)) > 0) {
		if (count == PA_ROWS_MAX)
			return pa_native_fail(L, "database", "more than %d rows: add a LIMIT", PA_ROWS_MAX);
		pa_rows_push(L, reading->statement);
		lua_rawseti(L, -2, ++count);
	}
	return result < 0 ? pa_native_fail_with(L, &error) : 1;
}

static int l_row(lua_State *L)
{
	int last = lua_gettop(L);
	struct pa_error error;
	struct reading *reading = begin(L, last, &error);
	int result = reading ? pa_statement_step(reading->statement, &error) : -1;

	if (result < 0)
		return pa_native_fail_with(L, &error);
	if (result == 0)
		lua_pushboolean(L, 0);
	else
		pa_rows_push(L, reading->statement);
	return 1;
}

static int l_state(lua_State *L)
{
	struct pa_traffic *traffic = pa_native_services(L)->traffic;

	if (!traffic)
		return 0;
	lua_createtable(L, 0, 3);
	lua_pushinteger(L, (lua_Integer)pa_traffic_dropped(traffic));
	lua_setfield(L, -2, "dropped");
	lua_pushinteger(L, (lua_Integer)pa_traffic_waiting(traffic));
	lua_setfield(L, -2, "waiting");
	lua_pushstring(L, pa_traffic_place(traffic));
	lua_setfield(L, -2, "place");
	return 1;
}

static int l_about(lua_State *L)
{
	struct pa_span install = pa_native_check_span(L, 1);
	const struct pa_request *request = pa_native_context_of(L)->request;

	if (request)
		pa_request_set_install(request, install);
	return 0;
}

static void free_redact(void *held)
{
	pa_redact_free(held);
}

static int l_redacted(lua_State *L)
{
	static const struct {
		const char *name;
		enum pa_entry_text text;
	} fields[] = {{"url", PA_ENTRY_URL}, {"error", PA_ENTRY_ERROR}, {"request_headers", PA_ENTRY_REQUEST_HEAD},
		{"request_body", PA_ENTRY_REQUEST_BODY}, {"response_headers", PA_ENTRY_RESPONSE_HEAD},
		{"response_body", PA_ENTRY_RESPONSE_BODY}};
	struct pa_entry entry = {.out = true};
	struct pa_archive_row row;

	luaL_checktype(L, 1, LUA_TTABLE);
	struct pa_redact *redact = pa_native_box(L, sizeof *redact, free_redact);
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) /* the texts stay on the stack */
		if (lua_getfield(L, 1, fields[i].name) != LUA_TNIL)
			entry.texts[fields[i].text] = pa_native_check_span(L, lua_gettop(L));
	if (pa_redact_entry(redact, &entry, &row) < 0)
		pa_native_no_memory(L);
	lua_createtable(L, 0, sizeof fields / sizeof *fields);
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		const struct pa_span text = row.texts[fields[i].text];
		lua_pushlstring(L, text.length > 0 ? text.at : "", text.length);
		lua_setfield(L, -2, fields[i].name);
	}
	return 1;
}

int pa_native_open_traffic(lua_State *L)
{
	static const luaL_Reg functions[] = {{"query", l_query}, {"row", l_row}, {"state", l_state}, {"about", l_about},
		{"redacted", l_redacted}, {NULL, NULL}};

	luaL_newlib(L, functions);
	return 1;
}
