// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Planning

extension RunProtection {
    /// Which labels of a configuration it protects: those that bear what it names now. Where several runs need a volume, a pin
    /// outlasts the rest.
    func protections(of slots: [SlotContents], in configuration: String) -> [String: VolumeProtection] {
        var found: [String: VolumeProtection] = [:]
        for slot in slots {
            guard case .labelled(let header) = slot.volume, let bears = header.datestamp else { continue }
            for run in runs where run.holds(header.label, bearing: bears, of: configuration) {
                let isPinned = run.reason == .pinned
                guard found[header.label].map({ isPinned && !$0.isPinned }) ?? true else { continue }
                found[header.label] = VolumeProtection(run: run.run, isPinned: isPinned)
            }
        }
        return found
    }

    /// The same of what the tapelist has, wherever it lies.
    func protections(of tapelist: Tapelist, in configuration: String) -> [String: VolumeProtection] {
        let listed = tapelist.entries.map { entry in
            SlotContents(
                slot: "", volume: .labelled(VolumeHeader(datestamp: entry.datestamp, label: entry.label)))
        }
        return protections(of: listed, in: configuration)
    }

    /// Volumes of a configuration that pinned runs need.
    func isPinned(_ label: String, bearing bears: RunName, in configuration: String) -> Bool {
        runs.contains { $0.reason == .pinned && $0.holds(label, bearing: bears, of: configuration) }
    }
}
