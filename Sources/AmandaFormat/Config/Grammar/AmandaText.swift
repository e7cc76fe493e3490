// SPDX-License-Identifier: Apache-2.0

import Faults
import HiddenCharacters

/// A file of Amanda's that a person writes, without what stands before its first character, and what is wrong with that.
///
/// It is refused and not passed over: stock Amanda's programs end at a byte order mark in an `amanda.conf` with a segmentation
/// fault, and take one in a disklist for a part of the first host (seen with `amgetconf` and `amadmin` 3.5.1).
struct AmandaText {
    /// Empty where nothing of it can be read.
    let bytes: [UInt8]
    let fault: ConfigurationFault?

    init(_ bytes: [UInt8], file: String) {
        let form = TextForm(of: bytes)
        guard let what = form.fault, let mend = form.mend(file) else {
            (self.bytes, fault) = (bytes, nil)
            return
        }
        self.bytes = form == .byteOrderMark ? TextForm.withoutMark(bytes) : []
        fault = ConfigurationFault(
            FaultPlace(file: file, line: 1, column: 1), "the file \(what); stock Amanda cannot read it",
            hint: "run: \(mend)")
    }
}
