std = "lua54"
max_line_length = 120
unused_args = true
self = false
