// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Catalog
import Planning

/// Where the labelled volumes of a changer lie now.
struct VolumeSlots: Sendable {
    private struct Place {
        let device: VolumeDevice
        let store: VolumeStore
        let run: Datestamp?
    }

    private let places: [String: Place]
    /// The first slot or storage whose labels are not known, and why; nil: all are.
    private let unseen: String?

    /// Looks at every slot of every storage that a configuration defines, each in its own store: the one in use, and those
    /// that older dumps may lie in. Of those only what can be read counts.
    ///
    /// - Parameters:
    ///   - stores: the one in use first.
    ///   - known: the slots of the storage in use, where they have been looked at.
    static func read(
        _ stores: [ChangerStore], _ reader: SlotReader, known: [SlotReader.Slot]? = nil
    ) async throws -> VolumeSlots {
        var slots = known ?? []
        var unseen: String?
        for (index, one) in stores.enumerated() where index > 0 || known == nil {
            do {
                slots += try await reader.look(at: one.changer, in: one.store)
            } catch  where index > 0 && !(error is CancellationError) {
                unseen = unseen ?? "changer '\(one.changer.name)': \(WireError(of: error).message)"
            }
        }
        var places: [String: Place] = [:]
        for slot in slots {
            unseen = unseen ?? slot.contents.unseen
            guard case .labelled(let header) = slot.contents.volume, places[header.label] == nil else {
                continue
            }
            places[header.label] = Place(device: slot.device, store: slot.store, run: header.datestamp)
        }
        return VolumeSlots(places: places, unseen: unseen)
    }

    /// nil: it is in no slot.
    func device(of label: String) -> VolumeDevice? { places[label]?.device }

    /// The volumes of a dump, each once.
    ///
    /// - Throws: `LostVolume` for one that is in no slot, as far as they are known, or bears another run by now.
    func volumes(of dump: CatalogDump) throws(LostVolume) -> [VolumeRecord] {
        var volumes: [VolumeRecord] = []
        for part in dump.parts where !volumes.contains(where: { $0.label == part.label }) {
            guard let place = places[part.label] else {
                throw LostVolume(
                    label: part.label, dump: dump, cause: unseen.map { .notSeen($0) } ?? .inNoSlot)
            }
            guard place.run == dump.run else {
                throw LostVolume(label: part.label, dump: dump, cause: .overwritten(by: place.run))
            }
            volumes.append(place.store.volume(part.label, on: place.device))
        }
        return volumes
    }
}

extension SlotContents {
    /// Why its label is not known; nil: it is, or there is definitely none.
    fileprivate var unseen: String? {
        guard case .unreadable(let reason) = volume, volume != .unlabelledFiles else { return nil }
        return "slot '\(slot)': \(reason.prefix { !$0.isNewline })"
    }
}

/// A volume that a dump was written to and that does not hold it any more, or is not found.
struct LostVolume: Fault {
    enum Cause: Equatable {
        case inNoSlot
        /// In none that could be looked at; why one could not.
        case notSeen(String)
        case overwritten(by: Datestamp?)
        /// The tapelist says that it does not hold the run any more, or it has left the tapelist.
        case notInTapelist
    }

    /// nil: the logs do not say which.
    let label: String?
    let dump: CatalogDump
    let cause: Cause

    /// Whether it is lost; else nobody knows.
    var isProved: Bool { if case .notSeen = cause { false } else { true } }

    /// `level 0 of '/data' of run …, on volume 'data-01', which …`
    var facts: String {
        let volume = label.map { "volume '\($0)'" } ?? "a volume of it"
        let what = "level \(dump.name.level) of '\(dump.name.disk)' of run \(dump.name.datestamp)"
        return switch cause {
        case .inNoSlot: "\(what): \(volume) is in no slot of the changer"
        case .notSeen(let reason): "\(what): \(volume) is in no slot whose label could be read; \(reason)"
        case .overwritten(let run):
            "\(what): \(volume) was overwritten by \(run.map { "run \($0)" } ?? "a new label")"
        case .notInTapelist: "\(what): \(volume) was overwritten or has left the tapelist"
        }
    }
}
