// SPDX-License-Identifier: Apache-2.0

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What the virtual machine interprets first and translates then: numbers, objects, strings. */
public class Sums {
	public static void main(String[] args) {
		double[][] a = new double[120][120], b = new double[120][120];
		for (int i = 0; i < a.length; i++)
			for (int k = 0; k < a.length; k++) {
				a[i][k] = (i * 7 + k) % 13;
				b[i][k] = (i + k * 5) % 11 / 2.0;
			}
		double sum = 0;
		for (int i = 0; i < a.length; i++)
			for (int k = 0; k < a.length; k++) {
				double cell = 0;
				for (int j = 0; j < a.length; j++)
					cell += a[i][j] * b[j][k];
				sum += cell;
			}
		Map<String, List<Integer>> words = new HashMap<>();
		long state = 1;
		for (int n = 0; n < 100000; n++) {
			state = state * 16807 % 2147483647;
			words.computeIfAbsent("w" + state % 3000, key -> new ArrayList<>()).add(n);
		}
		int longest = 0;
		for (List<Integer> list : words.values())
			longest = Math.max(longest, list.size());
		System.out.println(sum + " " + words.size() + " " + longest);
	}
}
