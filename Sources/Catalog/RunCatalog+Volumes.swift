// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat
import Files
import Logging
public import Planning
import Synchronization

extension RunCatalog {
    /// Holds the slot of `device` (e.g. `s3:bucket/path/slot-01`) for this process and makes Amanda forget its label.
    ///
    /// - Throws: `CatalogError.slotHeld` when a living process other than this one holds a slot of the changer.
    public func reserve(device: String) throws {
        try state.withLock { state in
            if let path = location.changerStateFile {
                try ChangerStateFile(path, location: location).reserve(device)
            }
            if !state.devices.contains(device) { state.devices.append(device) }
        }
        logger.debug("slot reserved", metadata: ["slot": "\(device)"])
    }

    /// Before anything of the volume is deleted or written: its old dumps leave the catalog.
    ///
    /// The label stays in the tapelist as one never written (datestamp 0), so that after a crash both programs still know
    /// the volume as theirs and free. That it was given up stands in the log before: the label in the bucket still bears the old
    /// run then, as it would if the tapelist were an older copy.
    public func prepare(_ choice: VolumeChoice) throws {
        guard choice.kind != .continuing else { return }
        try log.append([.givesUp(choice.oldLabel)], synchronising: true)
        try TapelistFile(location).update { list in
            var entry = list.entry(label: choice.label) ?? TapelistEntry(datestamp: nil, label: choice.label)
            entry.datestampText = "0"
            list.set(location.owning(entry))
        }
        logger.debug("the volume's old dumps left the catalog", metadata: ["volume": "\(choice.label)"])
    }

    /// After the label is where it belongs: from now on the volume belongs to this run. Once for each volume.
    ///
    /// - Parameter blockKiB: of the tapetype.
    public func volumeWritten(
        _ choice: VolumeChoice, on device: VolumeDevice, blockKiB: Int?
    ) throws {
        if let path = device.bucketPath,
            let cache = location.labelCache(bucket: path.bucket, prefix: path.prefix)
        {
            try FileSystem.remove(cache)
        }
        try TapelistFile(location).update { list in
            var entry = list.entry(label: choice.label) ?? TapelistEntry(datestamp: run, label: choice.label)
            entry.datestampText = run.description
            if let blockKiB { entry.blockKiB = blockKiB }
            if location.setsNoReuse { entry.isReusable = false }
            list.set(location.owning(entry))
        }
        try state.withLock { state in
            let volume = LogVolume(
                datestamp: run.description, storage: location.storage, pool: location.pool,
                label: choice.label, number: state.labels.count + 1)
            try log.append([.startTaper(volume)], synchronising: true)
            state.volumes[choice.label] = Volume(device: device.description)
            state.labels.append(choice.label)
            try traceFile.append(state.trace.volumeWritten(choice.label, elapsed))
        }
        logger.info("volume taken", metadata: ["volume": "\(choice.label)", "slot": "\(device)"])
    }

    /// No volume, or no further one, could be had.
    ///
    /// - Parameter byConfiguration: `runtapes` or the like forbids it, so that it is no error.
    public func volumeRefused(_ reason: String, byConfiguration: Bool = false) throws {
        let kind = byConfiguration ? "config" : "error"
        try state.withLock { state in
            try log.append([.note(kind: "ERROR", program: "taper", text: "no-tape \(kind) [\(reason)]")])
            if !byConfiguration { try traceFile.append(state.trace.volumeRefused(reason, elapsed)) }
        }
        logger.info("no volume", metadata: ["reason": "\(reason)"])
    }

    /// The label of a slot that was reserved and not written stays unknown.
    func release(_ devices: [String], _ state: State) throws {
        guard let path = location.changerStateFile else { return }
        for device in devices {
            let label = state.volumes.first { $0.value.device == device }?.key
            try ChangerStateFile(path, location: location).release(device, label: label)
        }
    }
}

extension VolumeChoice {
    /// What the volume bears while it is taken, as far as the catalog knows.
    fileprivate var oldLabel: VolumeHeader {
        if case .reusing(let run) = kind { return VolumeHeader(datestamp: run, label: label) }
        return VolumeHeader(datestamp: nil, label: label)
    }
}

extension RunCatalog.State {
    /// The volume's total.
    func endVolume(_ label: String) -> [LogLine] {
        guard let volume = volumes[label] else { return [] }
        let size = "kb \(volume.storedByteCount >> 10) fm \(volume.fileCount)"
        return [
            .note(
                kind: "INFO", program: "taper",
                text: "tape \(AmandaQuotedString.quote(label)) \(size) [OK]")
        ]
    }

    /// Counts what a dump takes on its volumes.
    mutating func count(_ parts: [DumpPart]) {
        for part in parts {
            volumes[part.label]?.storedByteCount += part.byteCount
            volumes[part.label]?.fileCount += 1
        }
    }
}
