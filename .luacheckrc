std = "lua54"
max_line_length = 120
unused_args = true
self = false
exclude_files = { "lua/types" } -- declarations for editors: nothing in them is used
