// SPDX-License-Identifier: Apache-2.0

/// How long one node's entry in a manifest may be: what all nodes said there must stay readable, whatever one of them has said.
extension RunManifest {
    /// Bytes of all entries together, as they are written; a reader takes twice as many.
    static let entriesByteCountLimit = 12 << 20
    /// Bytes of one; one that has to be shorter says what became of the node all the same.
    static let entryByteCounts = (8 << 10)...(256 << 10)

    /// The same with no entry that is longer than its share.
    public var bounded: RunManifest {
        let counts = Self.entryByteCounts
        let share = Self.entriesByteCountLimit / max(1, nodes.count)
        var manifest = self
        manifest.nodes = nodes.map {
            $0.bounded(to: min(max(share, counts.lowerBound), counts.upperBound))
        }
        return manifest
    }
}

extension NodeVerdict {
    /// How many notes and reasons are left, and how many bytes each may have.
    private static let shorter = [(count: 20, byteCount: 500), (count: 3, byteCount: 200)]

    /// The same where it is no longer than that; else with few and short words, and at last without its volumes, which its record has.
    func bounded(to limit: Int) -> NodeVerdict {
        var verdict = self
        for (count, byteCount) in Self.shorter where verdict.isLonger(than: limit) {
            verdict = shortened(to: count, byteCount)
        }
        if verdict.isLonger(than: limit) { verdict.volumes = nil }
        return verdict
    }

    private func shortened(to count: Int, _ byteCount: Int) -> NodeVerdict {
        var verdict = self
        let texts = notes.prefix(count).map { ClaimText.bounded($0, to: byteCount) }
        verdict.notes = texts + (notes.count > count ? ["the rest is in the node's record"] : [])
        verdict.noteValues = nil
        verdict.faults = faults.prefix(count).map { $0.bounded(to: byteCount) }
        verdict.unsealed = unsealed.map { keys in keys.prefix(count).map { $0.bounded(to: byteCount) } }
        return verdict
    }

    /// What cannot be written is too long for any document.
    private func isLonger(than limit: Int) -> Bool {
        (try? WireJSON.document(self)).map { $0.count > limit } ?? true
    }
}

extension WireError {
    /// The sentences alone, and short.
    fileprivate func bounded(to byteCount: Int) -> WireError {
        var short = WireError(
            kind, node: node, ClaimText.bounded(message, to: byteCount),
            hint: hint.map { ClaimText.bounded($0, to: byteCount) }, newestRun: newestRun)
        short.reach = reach
        return short
    }
}
