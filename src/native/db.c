/* require "native.db": SQL on the database of the server that runs the script. */
#include "store/db.h"

#include <string.h>

#include "native/modules.h"
#include "native/native.h"
#include "native/rows.h"
#include "native/services.h"

/* One statement while it runs, in a box. */
struct running {
	struct pa_native_context *context;
	struct pa_connection *connection;
	struct pa_statement *statement;
	bool borrowed; /* the connection is the transaction's */
};

static struct pa_connection *lease(lua_State *L, enum pa_db_access access, struct pa_error *error)
{
	const struct pa_native_context *context = pa_native_context_of(L);
	struct pa_db *db = pa_native_services(L)->db;
	struct pa_connection *connection = pa_db_lease_free(db, access);

	if (!connection) {
		pa_native_wait_begin(L);
		connection = pa_db_lease(db, access, error);
		pa_native_wait_end(L);
	}
	if (connection && pa_connection_is_writer(connection))
		atomic_fetch_add_explicit(&context->call->writers, 1, memory_order_relaxed);
	return connection;
}

static void give_back(const struct pa_native_context *context, struct pa_connection *connection)
{
	if (pa_connection_is_writer(connection))
		atomic_fetch_sub_explicit(&context->call->writers, 1, memory_order_relaxed);
	pa_db_return(connection);
}

static void close_running(void *held)
{
	const struct running *running = held;

	if (running->statement)
		pa_statement_end(running->statement);
	if (running->connection && !running->borrowed)
		give_back(running->context, running->connection);
}

static struct running *push_running(lua_State *L)
{
	struct running *running = pa_native_box(L, sizeof *running, close_running);

	running->context = pa_native_context_of(L);
	return running;
}

/* 0 while the transaction lasts, which an error or INSERT OR ROLLBACK ends: what follows would be saved on its own. */
static int check_transaction(const struct pa_connection *connection, struct pa_error *error)
{
	return pa_connection_in_transaction(connection)
			   ? 0
			   : pa_error_set(error, "database", "an earlier error rolled this transaction back");
}

/* Leases a connection, or uses the transaction's, and begins the statement at index 1. 0, or -1 with *error. */
static int begin(
	lua_State *L, struct running *running, enum pa_db_access access, bool durable, int last, struct pa_error *error)
{
	bool guarded = lua_toboolean(L, lua_upvalueindex(1));
	struct pa_span sql = pa_native_check_span(L, 1);

	running->connection = pa_native_context_of(L)->transaction;
	running->borrowed = running->connection != NULL;
	if (running->borrowed && check_transaction(running->connection, error) < 0)
		return -1;
	if (!running->connection) {
		running->connection = lease(L, access, error);
		if (!running->connection)
			return -1;
		if (access == PA_DB_WRITE && pa_connection_durable(running->connection, durable, error) < 0)
			return -1;
	}
	running->statement = pa_statement_begin(running->connection, sql, guarded, error);
	if (!running->statement)
		return -1;
	pa_rows_bind(L, running->statement, last);
	if (access == PA_DB_READ && pa_statement_writes(running->statement))
		return pa_error_set(error, "syntax", "this statement writes: use exec");
	return 0;
}

static int step(lua_State *L, const struct running *running, struct pa_error *error)
{
	if (running->borrowed || !pa_statement_writes(running->statement))
		return pa_statement_step(running->statement, error);
	pa_native_wait_begin(L); /* a commit waits for the disk */
	int result = pa_statement_step(running->statement, error);
	pa_native_wait_end(L);
	return result;
}

static int l_query(lua_State *L)
{
	int last = lua_gettop(L), result;
	lua_Integer count = 0;
	struct pa_error error;
	struct running *running = push_running(L);

	if (begin(L, running, PA_DB_READ, false, last, &error) < 0)
		return pa_native_fail_with(L, &error);
	lua_newtable(L);
	while ((result = step(L, running, &error)) > 0) {
		if (count == PA_ROWS_MAX)
			return pa_native_fail(L, "database", "more than %d rows: add a LIMIT", PA_ROWS_MAX);
		pa_rows_push(L, running->statement);
		lua_rawseti(L, -2, ++count);
	}
	return result < 0 ? pa_native_fail_with(L, &error) : 1;
}

static int l_row(lua_State *L)
{
	int last = lua_gettop(L);
	struct pa_error error;
	struct running *running = push_running(L);

	if (begin(L, running, PA_DB_READ, false, last, &error) < 0)
		return pa_native_fail_with(L, &error);
	int result = step(L, running, &error);
	if (result < 0)
		return pa_native_fail_with(L, &error);
	if (result == 0)
		lua_pushboolean(L, 0);
	else
		pa_rows_push(L, running->statement);
	return 1;
}

static int execute(lua_State *L, bool durable)
{
	int last = lua_gettop(L), result;
	struct pa_error error;
	struct running *running = push_running(L);

	if (begin(L, running, PA_DB_WRITE, durable, last, &error) < 0)
		return pa_native_fail_with(L, &error);
	bool writes = pa_statement_writes(running->statement);
	lua_pushnil(L); /* replaced by the first row of RETURNING */
	int row = lua_gettop(L);
	while ((result = step(L, running, &error)) > 0)
		if (lua_isnil(L, row)) {
			pa_rows_push(L, running->statement);
			lua_replace(L, row);
		}
	if (result < 0)
		return pa_native_fail_with(L, &error);
	lua_pushinteger(L, writes ? pa_connection_changes(running->connection) : 0);
	lua_insert(L, row);
	return 2;
}

static int l_exec(lua_State *L)
{
	return execute(L, true);
}

static int l_exec_soon(lua_State *L)
{
	return execute(L, false);
}

/* Transactions */

struct transaction {
	struct pa_native_context *context;
	struct pa_connection *connection;
	bool open; /* begun, and not committed yet */
};

static void close_transaction(void *held)
{
	const struct transaction *transaction = held;

	if (!transaction->connection)
		return;
	transaction->context->transaction = NULL;
	if (transaction->open)
		pa_connection_roll_back(transaction->connection);
	give_back(transaction->context, transaction->connection);
}

static int begin_transaction(lua_State *L, struct transaction *transaction, struct pa_error *error)
{
	transaction->connection = lease(L, PA_DB_WRITE, error);
	if (!transaction->connection || pa_connection_durable(transaction->connection, true, error) < 0)
		return -1;
	pa_native_wait_begin(L); /* another process may be writing */
	int result = pa_connection_begin(transaction->connection, error);
	pa_native_wait_end(L);
	transaction->open = result == 0;
	return result;
}

static int l_transaction(lua_State *L)
{
	struct pa_native_context *context = pa_native_context_of(L);
	struct pa_error error;

	luaL_checktype(L, 1, LUA_TFUNCTION);
	if (context->transaction)
		return luaL_error(L, "a transaction inside a transaction");
	struct transaction *transaction = pa_native_box(L, sizeof *transaction, close_transaction);
	transaction->context = context;
	if (begin_transaction(L, transaction, &error) < 0)
		return pa_native_fail_with(L, &error);
	context->transaction = transaction->connection;
	int base = lua_gettop(L);
	lua_pushvalue(L, 1);
	lua_call(L, 0, LUA_MULTRET); /* a raise closes the box, which rolls back */
	int results = lua_gettop(L) - base;
	luaL_checkstack(L, LUA_MINSTACK, "too many results"); /* Lua makes room for the results only */
	if (results > 0 && !lua_toboolean(L, base + 1) && !lua_isboolean(L, base + 1))
		return results;
	if (check_transaction(transaction->connection, &error) < 0)
		return pa_native_fail_with(L, &error);
	pa_native_wait_begin(L);
	int committed = pa_connection_commit(transaction->connection, &error);
	pa_native_wait_end(L);
	if (committed < 0)
		return pa_native_fail_with(L, &error);
	transaction->open = false;
	return results;
}

static int l_blob(lua_State *L)
{
	return pa_rows_blob(L);
}

/* Functions for migrations */

static struct pa_connection *need_transaction(lua_State *L)
{
	struct pa_connection *connection = pa_native_context_of(L)->transaction;

	if (!connection)
		luaL_error(L, "this function works inside a transaction only");
	return connection;
}

static int push_result(lua_State *L, int result, const struct pa_error *error)
{
	if (result < 0)
		return pa_native_fail_with(L, error);
	lua_pushboolean(L, 1);
	return 1;
}

static int l_script(lua_State *L)
{
	bool guarded = lua_toboolean(L, lua_upvalueindex(1));
	size_t length;
	const char *sql = luaL_checklstring(L, 1, &length);
	struct pa_error error;

	if (strlen(sql) != length) /* SQLite would run what is before it, and say that all is done */
		return pa_native_fail(L, "syntax", "the SQL has a NUL byte");
	return push_result(L, pa_connection_run(need_transaction(L), sql, guarded, &error), &error);
}

static int l_back_up(lua_State *L)
{
	const char *suffix = pa_native_check_text(L, 1);
	struct pa_error error;

	return push_result(L, pa_connection_back_up(need_transaction(L), suffix, &error), &error);
}

static int l_wipe(lua_State *L)
{
	struct pa_error error;

	if (pa_native_context_of(L)->transaction)
		return luaL_error(L, "wipe does not work inside a transaction");
	struct running *running = push_running(L);
	running->connection = lease(L, PA_DB_WRITE, &error);
	if (!running->connection)
		return pa_native_fail_with(L, &error);
	pa_native_wait_begin(L);
	int result = pa_connection_wipe(running->connection, &error);
	pa_native_wait_end(L);
	return push_result(L, result, &error);
}

static void push_functions(lua_State *L, bool guarded)
{
	static const luaL_Reg functions[] = {{"query", l_query}, {"row", l_row}, {"exec", l_exec},
		{"exec_soon", l_exec_soon}, {"transaction", l_transaction}, {"blob", l_blob}, {"script", l_script},
		{NULL, NULL}};

	luaL_newlibtable(L, functions);
	lua_pushboolean(L, guarded);
	luaL_setfuncs(L, functions, 1);
}

int pa_native_open_db(lua_State *L)
{
	pa_rows_prepare(L);
	push_functions(L, false);
	luaL_setfuncs(L, (const luaL_Reg[]){{"back_up", l_back_up}, {"wipe", l_wipe}, {NULL, NULL}}, 0);
	push_functions(L, true);
	lua_setfield(L, -2, "guarded");
	return 1;
}
