// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Dump
import Planning
import S3
import Volumes

/// What a configuration's volumes in the bucket say of themselves: labels, headers and lengths, and nothing else. No catalog, no
/// record and no slot's number is asked, and `amanda.conf` only where it leads to other places besides the cluster's.
///
/// Costs one listing of the configuration's place, a request a label and a request a header; a node's own rights do. Grows with the
/// files of all its volumes.
struct HeaderSurvey: Sendable {
    let configuration: String
    let dumps: [SurveyedDump]
    /// Slots of which nothing is known, and why.
    let faults: [String]

    init(configuration: String, volumes: [SurveyedVolume], faults: [String] = []) {
        self.configuration = configuration
        // Two that bear one label are told apart by nothing that a restore asks for.
        let byLabel = Dictionary(grouping: volumes, by: \.record.label)
        let doubled = byLabel.filter { $0.value.count > 1 }
        let single = volumes.filter { doubled[$0.record.label] == nil }
        dumps = SurveyedDump.all(on: single)
        records = Dictionary(
            single.map { ($0.record.label, $0.record) }, uniquingKeysWith: { first, _ in first })
        self.faults =
            faults
            + doubled.sorted { $0.key < $1.key }.map { label, volumes in
                "more than one slot bears the label '\(label)': "
                    + volumes.map(\.record.place).sorted().joined(separator: ", ")
            }
    }

    /// Of the volumes, by their labels.
    let records: [String: VolumeRecord]

    /// Where a configuration's volumes may lie.
    struct Place: Sendable {
        let client: S3Client
        let bucket: String
        let prefix: String
        let store: StoreRecord?
    }

    /// - Parameters:
    ///   - node: whose volumes they are.
    ///   - isOwn: whether this is that node, so that its own `amanda.conf` may lead to more of them.
    /// - Throws: `S3Error` of what concerns the whole store, and where a header could not be read: what may be there is not given up.
    static func read(
        _ configuration: String, of node: String, layout: BucketLayout, bucket: String,
        clients: BucketClients,
        isOwn: Bool = true
    ) async throws -> HeaderSurvey {
        var places = try places(of: configuration, node: node, layout, bucket, clients)
        if !isOwn { places = Array(places.prefix(1)) }
        var volumes: [SurveyedVolume] = []
        var faults: [String] = []
        for place in places {
            var listing = SlotListing()
            try await place.client.forEachPage(prefix: place.prefix) { objects in
                for object in objects { listing.add(object.key, byteCount: object.byteCount) }
            }
            if listing.isCut {
                faults.append(
                    "s3:\(place.bucket)/\(place.prefix): more lies there than volumes can hold; the rest was not looked at"
                )
            }
            for slot in listing.slots.values.sorted(by: { $0.keys.slotPrefix < $1.keys.slotPrefix }) {
                switch try await volume(slot, at: place) {
                case .success(let volume?): volumes.append(volume)
                case .success(nil): break
                case .failure(let fault):
                    faults.append("s3:\(place.bucket)/\(slot.keys.slotPrefix): \(fault.reason)")
                }
            }
        }
        return HeaderSurvey(configuration: configuration, volumes: volumes, faults: faults)
    }

    private struct SlotFault: Error {
        let reason: String
    }

    /// The cluster's place for it, and slots of this node's own `amanda.conf` that lie elsewhere in a bucket.
    private static func places(
        of configuration: String, node: String, _ layout: BucketLayout, _ bucket: String,
        _ clients: BucketClients
    ) throws -> [Place] {
        let main = layout.volumes(node: node, configuration: configuration)
        let client = try clients.client(
            of: VolumeRecord(label: "", bucket: bucket, prefix: main), of: configuration)
        var places = [Place(client: client, bucket: bucket, prefix: main, store: nil)]
        for store in clients.known(configuration) {
            for path in store.changer.devices.compactMap(\.bucketPath) {
                let isMain =
                    store.store.record == nil && path.bucket == bucket && path.prefix.hasPrefix(main)
                guard !isMain else { continue }
                let volume = store.store.volume("", on: .bucket(path))
                places.append(
                    Place(
                        client: try clients.client(of: volume, of: configuration), bucket: path.bucket,
                        prefix: path.prefix, store: store.store.record))
            }
        }
        return places
    }

    /// - Returns: nil: nothing that was ever written.
    private static func volume(
        _ slot: SlotListing.Slot, at place: Place
    ) async throws -> Result<SurveyedVolume?, SlotFault> {
        guard slot.hasLabel else {
            return slot.files.isEmpty
                ? .success(nil) : .failure(SlotFault(reason: "files lie there without a label"))
        }
        let header: VolumeHeader
        switch try await VolumeLabels.read(slot.keys, from: place.client) {
        case .labelled(let found): header = found
        case .unlabelled: return .success(nil)
        case .foreign: return .failure(SlotFault(reason: "its label is none of Amanda's"))
        case .unreadable(let reason): return .failure(SlotFault(reason: reason))
        }
        guard let run = header.datestamp else { return .success(nil) }
        let numbers = slot.files.filter(\.value.hasHeader).keys.sorted()
        guard numbers.count <= FoundHeaders.greatestFileCount else {
            return .failure(SlotFault(reason: "it has more than \(FoundHeaders.greatestFileCount) files"))
        }
        var record = VolumeRecord(
            label: header.label, bucket: place.bucket, prefix: slot.keys.slotPrefix, store: place.store)
        record.run = run
        let headers = try await FoundHeaders.read(
            numbers, BucketReader(client: place.client, keys: slot.keys))
        let files = zip(numbers, headers).compactMap { number, header in
            header.map {
                SurveyedVolume.File(
                    label: record.label, number: number, header: $0, byteCount: slot.files[number]?.byteCount)
            }
        }
        return .success(SurveyedVolume(record: record, run: run, files: files))
    }
}

/// What the headers say of one run of a configuration.
struct SurveyedRun: Sendable {
    let run: Datestamp
    /// Of disks that it has all of.
    let disks: [DiskName]
    /// What of it is not whole, and why; empty: nothing that the bucket knows of.
    let faults: [String]

    var isWhole: Bool { faults.isEmpty && !disks.isEmpty }
}

extension HeaderSurvey {
    /// Newest first.
    var runs: [SurveyedRun] {
        Dictionary(grouping: dumps, by: \.made).map { run, dumps in
            let whole = Set(dumps.filter { $0.fault == nil }.map(\.diskName))
            let broken = dumps.filter { !whole.contains($0.diskName) }
            return SurveyedRun(
                run: run, disks: whole.sorted(),
                faults: broken.compactMap { dump in dump.fault.map { "\(dump.what): \($0)" } })
        }.sorted { $0.run > $1.run }
    }

    /// The newest run of which every file is whole, and those after it that are not.
    ///
    /// - Parameter limit: no run after it; nil: the newest of all.
    func newestWhole(upTo limit: Datestamp? = nil) -> (run: SurveyedRun?, passedOver: [SurveyedRun]) {
        let runs = runs.filter { limit == nil || $0.run <= limit ?? $0.run }
        guard let index = runs.firstIndex(where: \.isWhole) else { return (nil, runs) }
        return (runs[index], Array(runs[..<index]))
    }

    /// The newest dump of a disk that a dump of a level builds on, whole or not.
    func base(of disk: DiskName, below level: Int, before run: Datestamp) -> SurveyedDump? {
        let candidates = dumps.filter { $0.diskName == disk && $0.level < level && $0.made < run }
        guard let newest = candidates.first else { return nil }
        return candidates.first { $0.name == newest.name && $0.fault == nil } ?? newest
    }
}
