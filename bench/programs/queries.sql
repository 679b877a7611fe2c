-- SPDX-License-Identifier: Apache-2.0
CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, town INTEGER, age INTEGER);
CREATE TABLE towns (id INTEGER PRIMARY KEY, name TEXT);
BEGIN;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40000)
INSERT INTO people SELECT i, printf('%x-%d', i * 2654435761 % 65521, i), i * 7919 % 500, i * 31 % 97 FROM n;
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 499)
INSERT INTO towns SELECT i, 'town ' || (i * 17 % 500) FROM n;
COMMIT;
CREATE INDEX by_town ON people (town, age);
CREATE INDEX by_name ON people (name);
SELECT towns.name, count(*), avg(age), min(people.name) FROM people JOIN towns ON town = towns.id
	GROUP BY town ORDER BY 2 DESC, 1 LIMIT 5;
SELECT count(*) FROM people a JOIN people b ON a.town = b.town AND a.age < b.age WHERE a.id % 9 = 0;
UPDATE people SET age = age + 1 WHERE name LIKE '%7%';
DELETE FROM people WHERE id % 11 = 5;
SELECT sum(age), count(DISTINCT name), group_concat(DISTINCT age % 7) FROM people;
SELECT name FROM people ORDER BY substr(name, 2), id LIMIT 3 OFFSET 5000;
