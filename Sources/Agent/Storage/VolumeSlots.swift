// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Catalog

/// Where the labelled volumes of a changer lie now.
struct VolumeSlots: Sendable {
    private let devices: [String: (device: S3DevicePath, run: Datestamp?)]

    private let store: VolumeStore

    init(_ contents: [SlotContents], of changer: ChangerDefinition, in store: VolumeStore) {
        self.store = store
        var devices: [String: (device: S3DevicePath, run: Datestamp?)] = [:]
        for (content, device) in zip(contents, changer.devices) {
            if case .labelled(let header) = content.volume {
                devices[header.label] = (device, header.datestamp)
            }
        }
        self.devices = devices
    }

    /// nil: it is in no slot.
    func device(of label: String) -> S3DevicePath? { devices[label]?.device }

    /// The volumes of a dump, each once.
    ///
    /// - Throws: `LostVolume` for one that is in no slot, or bears another run by now.
    func volumes(of dump: CatalogDump) throws(LostVolume) -> [VolumeRecord] {
        var volumes: [VolumeRecord] = []
        for part in dump.parts where !volumes.contains(where: { $0.label == part.label }) {
            guard let (device, run) = devices[part.label] else {
                throw LostVolume(label: part.label, dump: dump, cause: .inNoSlot)
            }
            guard run == dump.run else {
                throw LostVolume(label: part.label, dump: dump, cause: .overwritten(by: run))
            }
            volumes.append(store.volume(part.label, on: device))
        }
        return volumes
    }
}

/// A volume that a dump was written to and that does not hold it any more.
struct LostVolume: Error, CustomStringConvertible {
    enum Cause: Equatable {
        case inNoSlot
        case overwritten(by: Datestamp?)
        /// The tapelist says that it does not hold the run any more, or it has left the tapelist.
        case notInTapelist
    }

    /// nil: the logs do not say which.
    let label: String?
    let dump: CatalogDump
    let cause: Cause

    /// `level 0 of '/data' of run …, on volume 'data-01', which …`
    var description: String {
        let volume = label.map { "volume '\($0)'" } ?? "a volume of it"
        let what = "level \(dump.name.level) of '\(dump.name.disk)' of run \(dump.name.datestamp)"
        return switch cause {
        case .inNoSlot: "\(what): \(volume) is in no slot of the changer"
        case .overwritten(let run):
            "\(what): \(volume) was overwritten by \(run.map { "run \($0)" } ?? "a new label")"
        case .notInTapelist: "\(what): \(volume) was overwritten or has left the tapelist"
        }
    }
}
