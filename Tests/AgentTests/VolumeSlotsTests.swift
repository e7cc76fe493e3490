// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Catalog
import Planning
import Testing

@testable import Agent

/// A label that could not be read is no proof that its volume is gone.
@Suite struct VolumeSlotsTests {
    private func slots(_ volumes: SlotContents.Volume...) async throws -> VolumeSlots {
        let configuration = try AmandaConfiguration(
            parsing: """
                tapedev "c"
                define changer c {
                  tpchanger "chg-multi:s3:backups/demo/slot-{1..3}"
                }

                """, file: "/etc/amanda/x/amanda.conf", include: { _ in "" })
        let changer = try configuration.changer()
        let storage = StorageAddress(
            bucket: "backups", prefix: "demo", region: "eu-west-1", endpoint: "https://s3.example.com")
        let store = try VolumeStore(changer, storage: storage, node: "node01")
        let known = zip(changer.devices, volumes).map { device, volume in
            SlotReader.Slot(
                device: device, store: store,
                contents: SlotContents(slot: device.description, volume: volume))
        }
        return try await VolumeSlots.read([], SlotReader { _ in throw CancellationError() }, known: known)
    }

    private func loss(of label: String, _ slots: VolumeSlots) throws -> LostVolume? {
        let run = try #require(Datestamp("20261123030600"))
        let dump = CatalogDump(
            name: LogDumpName(host: "localhost", disk: "/a", datestamp: run.description, level: 0), run: run,
            parts: [PartPlace(label: label, fileNumber: 1, byteCount: 1)], originalKiB: nil)
        do throws(LostVolume) {
            _ = try slots.volumes(of: dump)
            return nil
        } catch {
            return error
        }
    }

    @Test func `a volume that is in no slot is lost only where every slot was seen`() async throws {
        let label = SlotContents.Volume.labelled(
            VolumeHeader(datestamp: Datestamp("20261123030600"), label: "v-1"))
        let seen = try await slots(label, .unlabelled, .unlabelledFiles)
        #expect(try loss(of: "v-1", seen) == nil)
        #expect(try loss(of: "v-2", seen)?.cause == .inNoSlot)
        #expect(try loss(of: "v-2", seen)?.isProved == true)
        let unseen = try await slots(label, .unreadable(reason: "it did not answer\nhint: wait."))
        #expect(try loss(of: "v-1", unseen) == nil)
        let doubt = try #require(try loss(of: "v-2", unseen))
        #expect(!doubt.isProved)
        #expect(doubt.facts.contains("is in no slot whose label could be read; slot 's3:"), "\(doubt.facts)")
        #expect(doubt.facts.hasSuffix(": it did not answer"), "\(doubt.facts)")
    }
}
