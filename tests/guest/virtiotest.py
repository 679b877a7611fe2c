# SPDX-License-Identifier: Apache-2.0
"""What the tests of virtio devices share: the drivers, for guests that load no others."""
import glob
import os
import re

from papyrtest import fetch

PCI = ('virtio', 'virtio_ring', 'virtio_pci_legacy_dev', 'virtio_pci_modern_dev', 'virtio_pci')
EXT4 = ('mbcache', 'jbd2', 'crc16', 'crc32c_generic', 'libcrc32c', 'ext4')


def drivers(*names):
    """Those of virtio on PCI and those named, each behind what it needs."""
    found = [path for what in ('virtio', 'drivers') for path in sorted(glob.glob(os.path.join(fetch(what), '*.ko')))]
    return [path for path in found if re.sub(r'^\d+-|\.ko$', '', os.path.basename(path)) in (*PCI, *names)]
