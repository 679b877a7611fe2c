-- SPDX-License-Identifier: Apache-2.0
-- Tables, closures and strings: queens on a board, a tree, words counted.
local function queens(n)
	local columns, up, down, found = {}, {}, {}, 0
	local function place(row)
		if row > n then
			found = found + 1
			return
		end
		for c = 1, n do
			if not (columns[c] or up[row + c] or down[row - c]) then
				columns[c], up[row + c], down[row - c] = true, true, true
				place(row + 1)
				columns[c], up[row + c], down[row - c] = nil, nil, nil
			end
		end
	end
	place(1)
	return found
end

local function tree(depth)
	return depth == 0 and {} or { left = tree(depth - 1), right = tree(depth - 1) }
end

local function leaves(node)
	return node.left and leaves(node.left) + leaves(node.right) or 1
end

local state, words, count = 1, {}, {}
for i = 1, 40000 do
	state = (state * 1103515245 + 12345) % 2147483648
	words[i] = string.format("%x", state // 65536 % 499)
end
for word in table.concat(words, " "):gmatch("%x+") do
	count[word] = (count[word] or 0) + 1
end
local names = {}
for word in pairs(count) do
	names[#names + 1] = word
end
table.sort(names, function(a, b) return count[a] > count[b] or count[a] == count[b] and a < b end)
print(queens(8), leaves(tree(15)), names[1], count[names[1]], #names)
