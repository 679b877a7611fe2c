# SPDX-License-Identifier: Apache-2.0
"""Regular expressions over a made log."""
import re

lines = [f'10.{n % 7}.{n % 251}.{n % 13} - user{n % 31} [{n:06}] "GET /path/{"x" * (n % 19)}/{n} HTTP/1.1" {200 + n % 5} {n * 37}'
         for n in range(12000)]
text = '\n'.join(lines)
request = re.compile(r'(?P<host>[\d.]+) - (?P<user>\w+) \[(\d+)\] "(GET|POST) (/[^ ]*) HTTP/[\d.]+" (\d{3}) (\d+)')
total = 0
users = {}
for line in lines:
    match = request.fullmatch(line)
    total += int(match[7])
    users[match['user']] = users.get(match['user'], 0) + 1
print(total, sorted(users.items())[:5])
print(len(re.findall(r'\b(?:[a-z]+\d*/)+\d+5\b', text)), len(re.sub(r'x{3,}', '+', text)))
print(len(re.findall(r'(?im)^10\.[0-6]\.(?:1\d\d|2[0-4]\d)\..*user(?:1|2)\d.*20[13]', text)), len(re.split(r'[\s"\[\]]+', text)))
