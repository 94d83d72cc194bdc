# Lengths of C functions: prints "lines file:line name" for every function; the last line of input order is kept.
FNR == 1 { inside = 0 }
/^[A-Za-z_].*\(/ && !/;[ \t]*$/ { head = $0; sub(/\(.*/, "", head); n = split(head, word, /[ *]+/); name = word[n] }
/^\{/ { inside = 1; start = FNR; next }
/^\}/ { if (inside) print FNR - start, FILENAME ":" start, name; inside = 0 }
