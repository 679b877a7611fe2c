# SPDX-License-Identifier: Apache-2.0
"""What the tests of boards share: their guest, board_guest.c, which does what a key asks for."""
import os

from papyrtest import BUILT, skip

BAD = r'wrong|misses\?|lost'


def board_kernel(board):
    kernel = os.path.join(BUILT, f'board_{board}')
    if not os.path.exists(kernel):
        skip('there is no powerpc-linux-gnu-gcc, which makes the guest')
    return kernel


def ask(guest, key, answer):
    guest.type(key)
    return guest.expect(answer, never=BAD)
