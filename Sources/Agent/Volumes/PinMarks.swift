// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Catalog

/// Makes `no-reuse` in a tapelist agree with the pins, so that stock Amanda honours them too.
///
/// What is marked is told from what an operator marked by a word in the volume's comment (`TapelistEntry.bearsPinMark`): it is in
/// the file that the self-backup holds, and goes with it. Blocks: on the disk, and on Amanda's lock.
struct PinMarks: Sendable {
    let location: CatalogLocation

    /// What changed, by label.
    struct Change: Sendable, Equatable {
        var marked: [String] = []
        var freed: [String] = []
    }

    /// Marks what pinned runs need and is not marked; takes our mark from what no pin needs any more, if every pin is known.
    func agree(with protection: RunProtection) throws -> Change {
        var change = Change()
        let configuration = location.configuration
        guard try isDifferent(protection) else { return change }
        try TapelistFile(location).update { list in
            for entry in list.entries {
                let new = Self.marked(entry, protection, configuration)
                guard new != entry else { continue }
                list.set(new)
                if new.isReusable { change.freed.append(new.label) } else { change.marked.append(new.label) }
            }
        }
        return change
    }

    /// Without the lock: a run that finds nothing to do writes nothing.
    private func isDifferent(_ protection: RunProtection) throws -> Bool {
        try TapelistFile(location).read().entries.contains {
            Self.marked($0, protection, location.configuration) != $0
        }
    }

    /// The entry as it should be.
    private static func marked(
        _ entry: TapelistEntry, _ protection: RunProtection, _ configuration: String
    ) -> TapelistEntry {
        var entry = entry
        if let bears = entry.datestamp, protection.isPinned(entry.label, bearing: bears, in: configuration) {
            entry.setPinMark()
        } else if protection.namesEveryPin == true {
            entry.removePinMark()
        }
        return entry
    }
}
