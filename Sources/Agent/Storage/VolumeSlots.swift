// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Catalog

/// Where the labelled volumes of a changer lie now.
struct VolumeSlots: Sendable {
    private let devices: [String: (device: VolumeDevice, run: Datestamp?)]
    private let store: VolumeStore?

    /// Looks at every slot of every storage that a configuration defines: the one in use, and those that older dumps may
    /// lie in. Of those only what can be read counts.
    ///
    /// - Parameters:
    ///   - store: goes into records of volumes.
    ///   - known: the slots of the storage in use, where they have been looked at.
    static func read(
        _ configuration: AmandaConfiguration, _ reader: SlotReader, in store: VolumeStore? = nil,
        known: [SlotReader.Slot]? = nil
    ) async throws -> VolumeSlots {
        var slots = known ?? []
        for (index, changer) in try configuration.changers().enumerated() where index > 0 || known == nil {
            do {
                slots += try await reader.look(at: changer)
            } catch  where index > 0 && !(error is CancellationError) {
                continue
            }
        }
        var devices: [String: (device: VolumeDevice, run: Datestamp?)] = [:]
        for slot in slots {
            guard case .labelled(let header) = slot.contents.volume, devices[header.label] == nil else {
                continue
            }
            devices[header.label] = (slot.device, header.datestamp)
        }
        return VolumeSlots(devices: devices, store: store)
    }

    /// nil: it is in no slot.
    func device(of label: String) -> VolumeDevice? { devices[label]?.device }

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
            volumes.append(
                store?.volume(part.label, on: device) ?? VolumeRecord(label: part.label, device: device))
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
