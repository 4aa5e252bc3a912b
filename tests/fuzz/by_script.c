/* A target that is written in Lua: targets/FUZZ_SCRIPT.lua. */
#include "fuzz/check.h"
#include "fuzz/script.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	script_call(FUZZ_SCRIPT, data, size);
	return 0;
}
