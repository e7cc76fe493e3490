// SPDX-License-Identifier: Apache-2.0

import HTTPTransport

/// Whether an object can be read at once.
///
/// Source: "HeadObject" in the S3 API reference, headers `x-amz-storage-class`, `x-amz-archive-status` and `x-amz-restore`.
enum S3ArchiveState: Sendable, Hashable {
    /// As any object.
    case readable
    /// In the archive; nobody has asked for it.
    case frozen
    /// Asked for, not there yet.
    case thawing
    /// Readable until then, in seconds since 1970; nil: the store does not say.
    case thawed(until: Int64?)

    /// `GLACIER_IR` is not among them: it is read like any other.
    static let archiveClasses: Set = ["GLACIER", "DEEP_ARCHIVE"]

    init(_ response: HTTPResponse) {
        let isArchived =
            response.header("x-amz-storage-class").map(Self.archiveClasses.contains) == true
            || response.header("x-amz-archive-status") != nil
        guard isArchived else {
            self = .readable
            return
        }
        guard let restore = response.header("x-amz-restore") else {
            self = .frozen
            return
        }
        if restore.contains("ongoing-request=\"true\"") {
            self = .thawing
        } else {
            let date = restore.firstRange(of: "expiry-date=\"").map {
                restore[$0.upperBound...].prefix { $0 != "\"" }
            }
            self = .thawed(until: date.flatMap { HTTPDate.secondsSince1970(String($0)) })
        }
    }
}

/// How fast an archived object is brought back, and at what price.
public enum S3ThawTier: String, Sendable, Hashable, CaseIterable {
    case expedited = "Expedited"
    case standard = "Standard"
    case bulk = "Bulk"

    /// How long AWS takes as a rule, in minutes. Source: "Archive retrieval options" in the S3 user guide.
    func usualMinutes(storageClass: String) -> ClosedRange<Int> {
        switch (self, storageClass == "DEEP_ARCHIVE") {
        case (.expedited, _): 1...5
        case (.standard, false): 180...300
        case (.bulk, false): 300...720
        case (.standard, true): 540...720
        case (.bulk, true): 720...2880
        }
    }
}
