// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Dump
import Files

extension DisklistEntry {
    /// What its excludes and includes make of every dump, as the disk is now; nil: nothing that needs a look. Reads the
    /// lists; blocks.
    var selectionRemark: String? {
        guard FileSystem.isDirectory(directory) else { return nil }
        let selection = TarSelection(DLEDescription(self), device: directory)
        if selection.includesNothing {
            return "\(place): '\(diskName)': its include finds nothing: the dump fails"
        }
        guard !selection.strange.isEmpty else { return nil }
        return
            "\(place): '\(diskName)': every dump is STRANGE: \(selection.strange.joined(separator: "; "))"
            + "; make the list, or write 'optional' before its name"
    }
}
