# SPDX-License-Identifier: Apache-2.0
"""JSON, written and read."""
import json

records = [{'name': f'number {n}', 'id': n, 'share': n / 7, 'tags': [f't{n % k}' for k in range(2, 8)],
            'more': {'even': n % 2 == 0, 'none': None, 'text': '\u00e9\n"' * (n % 5)}} for n in range(1500)]
size = 0
for indent in (None, None, None, None, None, None, None, None, 1):
    text = json.dumps(records, indent=indent, sort_keys=True)
    size += len(text)
    if json.loads(text) != records:
        raise SystemExit('what was read differs from what was written')
print(size, text[-100:])
