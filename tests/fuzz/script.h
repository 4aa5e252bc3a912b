/*
 * Runs targets that are written in Lua: tests/fuzz/NAME.lua, a module that returns function(data). It may require all
 * of the library, the command line and the sandbox, as native.* may. What it raises is a finding.
 */
#ifndef FUZZ_SCRIPT_H
#define FUZZ_SCRIPT_H

#include <stddef.h>
#include <stdint.h>

/* Calls the function of tests/fuzz/NAME.lua with the bytes as a string. The VM is made by the first call; a new one
 * takes its place when it holds much, for modules may keep what they have seen. The string that the function returned,
 * valid until the next call; "" for none. */
const char *script_call(const char *name, const uint8_t *data, size_t size);

#endif
