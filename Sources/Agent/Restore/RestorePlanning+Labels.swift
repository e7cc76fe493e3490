// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Planning

/// Whether the volumes still are the run's.
extension RestorePlanning {
    /// By the labels, which are never archived. Each is read once, however many dumps lie on its volume.
    ///
    /// - Throws: where one bears another run by now. A label that cannot be read costs what lies on its volume.
    func requireUnchanged(_ disks: [RestorableDisk], _ lost: inout LostDisks) async throws {
        var seen: [RunVolume: SlotContents.Volume] = [:]
        var faults: [RunVolume: any Error] = [:]
        for (index, disk) in disks.enumerated() {
            for dump in disk.dumps {
                for volume in dump.record.volumes {
                    let run = volume.run ?? dump.record.writtenRun
                    let key = RunVolume(volume: volume, run: run)
                    let check = VolumeCheck(run: run, node: node, clients: clients)
                    if seen[key] == nil, faults[key] == nil {
                        do {
                            seen[key] = try await check.label(of: volume, of: disk.configuration.name)
                        } catch let error where LostDisks.isOfOneDisk(error) {
                            faults[key] = error
                        }
                    }
                    if let error = faults[key] { lost.add(error, at: index) }
                    guard let label = seen[key] else { continue }
                    do throws(WireError) {
                        let fault = try check.fault(label, volume, holding: dump.name(disk.disk))
                        if let fault { lost.add(fault, at: index) }
                    } catch {
                        // Another self-backup may be taken.
                        guard maySubstitute, disk.configuration.role == .selfBackup else { throw error }
                        lost.add(error, at: index)
                    }
                }
            }
        }
    }
}

private struct RunVolume: Hashable {
    let volume: VolumeRecord
    let run: Datestamp
}
