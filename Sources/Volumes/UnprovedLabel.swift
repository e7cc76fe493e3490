// SPDX-License-Identifier: Apache-2.0

public import S3

/// Something came in a label's place that is none, and that may be the answer of something between here and the store.
public struct UnprovedLabel: Fault {
    let key: String
    let reason: String

    /// nil: it is an object of the store's: it has an entity tag, and is no page.
    init?(_ bytes: [UInt8], of version: S3ObjectVersion, key: String) {
        let blanks: Set<UInt8> = [0x09, 0x0A, 0x0D, 0x20, 0xEF, 0xBB, 0xBF]
        if bytes.first(where: { !blanks.contains($0) }) == UInt8(ascii: "<") {
            reason = "a page or a document"
        } else if version.etag.isEmpty {
            reason = "something without an entity tag"
        } else {
            return nil
        }
        self.key = key
    }

    public var facts: String {
        "'\(key)': \(reason) came instead of an Amanda label, maybe not from the store"
    }
}
