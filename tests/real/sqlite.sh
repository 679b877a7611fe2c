#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Queries whose answers follow from arithmetic, or were recorded on an x86-64.
. "$(dirname "$0")/checks.sh"

# query RIGHT SQL: on the data base of this folder.
query() {
	same "$2" "$1" "$(sqlite3 -batch data "$2" 2>&1)"
}

numbers='WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)'
query '' "CREATE TABLE t(i INTEGER PRIMARY KEY, square INTEGER, root REAL, name TEXT);
	$numbers INSERT INTO t SELECT i, i * i, sqrt(i), printf('%05d-%x', i * 7919 % 60013, i) FROM n;
	CREATE INDEX by_name ON t(name); CREATE INDEX by_root ON t(root DESC);"
query '60000|1800030000|72001800010000' 'SELECT count(*), sum(i), sum(square) FROM t'
query 9798081.24 "SELECT printf('%.2f', sum(root)) FROM t"
query ok 'PRAGMA integrity_check'
query 244 'SELECT count(*) FROM t WHERE root = CAST(root AS INTEGER)'
query '00001-8e3e' 'SELECT name FROM t ORDER BY name LIMIT 1'
query '244|29890' 'SELECT count(*), sum(b.i) FROM t a JOIN t b ON b.square = a.i'
query '9.04987562112089|0.204209267909476' 'SELECT max(d), min(d) FROM (SELECT root - lag(root, 100) OVER (ORDER BY i) AS d FROM t)'
query '29|1000|1205218353327
49|1000|1204045607546' "SELECT substr(name, 1, 2) AS k, count(*), sum(square) FROM t GROUP BY k ORDER BY 3 DESC LIMIT 2"
query '9223372036854775807|-9223372036854775808|9.22337203685478e+18' \
	"SELECT 9223372036854775807, -9223372036854775807 - 1, 9223372036854775807 + 1"
query '1|-1|2|-2' 'SELECT 5 % 2, -5 % 2, 5 / 2, -5 / 2'
query '0.3 Inf 0.3333333333333333|3.0|-1.0|1.0e+23' "SELECT printf('%.17g %.17g %.17g', 0.1 + 0.2, 1e308 * 10, 1.0 / 3), round(2.5), round(-0.5), 1e23"
query '0.841470984808 2.718281828459 2.302585092994 1.414213562373' "SELECT printf('%.12f %.12f %.12f %.12f', sin(1), exp(1), ln(10), pow(2, 0.5))"
query '[1,2,{"a":3.5}]|3.5|3' "SELECT json('[1, 2, {\"a\": 3.5}]'), json_extract('[1,2,{\"a\":3.5}]', '\$[2].a'),
	json_array_length('[1,2,{\"a\":3.5}]')"
query '' "CREATE VIRTUAL TABLE words USING fts5(w); $numbers INSERT INTO words
	SELECT 'number ' || i || CASE WHEN i % 97 = 0 THEN ' rare' ELSE '' END FROM n WHERE i <= 5000"
query 51 "SELECT count(*) FROM words WHERE words MATCH 'rare'"
query '' 'BEGIN; DELETE FROM t WHERE i % 2; ROLLBACK; BEGIN; UPDATE t SET square = -square WHERE i % 3 = 0; COMMIT'
query '60000|23998199950000' 'SELECT count(*), sum(square) FROM t'
query '' 'DELETE FROM t WHERE i % 2; VACUUM'
query '30000|900030000|ok' 'SELECT count(*), sum(i), (SELECT * FROM pragma_integrity_check) FROM t'
query '15666|156065' "WITH RECURSIVE x(x) AS (VALUES(-2.0) UNION ALL SELECT x + 0.05 FROM x WHERE x < 1.2),
	y(y) AS (VALUES(-1.0) UNION ALL SELECT y + 0.1 FROM y WHERE y < 1.0),
	m(n, cx, cy, x, y) AS (SELECT 0, x, y, 0.0, 0.0 FROM x, y UNION ALL
	SELECT n + 1, cx, cy, x * x - y * y + cx, 2.0 * x * y + cy FROM m WHERE x * x + y * y < 4.0 AND n < 28)
	SELECT count(*), sum(n) FROM m"
end_checks
