// SPDX-License-Identifier: Apache-2.0

/// Sentences of another machine: they are for people, and begin no line of their own. What names something (a disk, a file) is left as
/// it is, and cleaned where it is shown.
enum ClaimText {
    /// UTF-8 bytes of one sentence, at most.
    static let byteCountLimit = 16 << 10

    /// Fields that hold sentences, or lists of them.
    static let fields: Set<String> = [
        "message", "hint", "text", "notes", "strange", "reason", "reasons", "remarks", "fault", "keptReason",
        "unreadableReason", "subject",
    ]

    /// A sentence on one line and of a bounded length; anything else as it is.
    static func kept(_ text: String, field: String) -> String {
        guard fields.contains(field) else { return text }
        return bounded(onOneLine(text))
    }

    /// The same, cut where it is too long, with how much is left out.
    static func bounded(_ text: String) -> String { bounded(text, to: byteCountLimit) }

    static func bounded(_ text: String, to limit: Int) -> String {
        let count = text.utf8.count
        guard count > limit else { return text }
        var kept = text.utf8.prefix(limit)
        while String(kept) == nil, !kept.isEmpty { kept = kept.dropLast() }
        return "\(String(kept) ?? "") … and \(count - kept.count) bytes more"
    }

    private static func onOneLine(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 == 0x0A || $0 == 0x0D }) else { return text }
        return text.split(whereSeparator: \.isNewline).joined(separator: "; ")
    }
}
