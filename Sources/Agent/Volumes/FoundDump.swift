// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Catalog
import Dump
import FoundationEssentials

/// The files in a store that say they are of one dump, and whether they are all of it.
///
/// Nothing here is believed that is not proved: who can write there could name any host and disk, and stock Amanda's header
/// stands there before the data.
struct FoundDump: Sendable {
    enum Verdict: Sendable {
        case whole(RecoveredRun.Dump)
        /// Nobody can want it: it failed, or parts of it were overwritten since.
        case gone
        /// It may be whole, and somebody may want it.
        case unproved(String)
    }

    private static let greatestNameByteCount = 200
    private static let endOfArchive = 1024

    let header: DumpHeader
    /// On the volumes in their order.
    private(set) var files: [FoundVolume.File] = []

    /// Groups what volumes of one run hold.
    static func all(on volumes: [FoundVolume]) -> [FoundDump] {
        var dumps: [LogDumpName: FoundDump] = [:]
        var order: [LogDumpName] = []
        for file in volumes.flatMap(\.files) {
            let name = file.header.logName
            if dumps[name] == nil { order.append(name) }
            dumps[name, default: FoundDump(header: file.header)].files.append(file)
        }
        return order.compactMap { dumps[$0] }
    }

    /// `level 0 of '/data' of run …`
    var what: String { "level \(header.level) of '\(header.disk)' of run \(header.datestamp)" }

    private init(header: DumpHeader) {
        self.header = header
    }

    /// - Parameters:
    ///   - run: that the volumes bear.
    ///   - record: the node's own of the run that made the dump; nil: there is none.
    ///   - partByteCount: where a part ends that another follows, as the configuration has it now.
    func verdict(
        run: Datestamp, in record: NodeRecord?, of configuration: String, on volumes: [FoundVolume],
        isEverySlotKnown: Bool, partByteCount: Int64?
    ) async throws -> Verdict {
        if let oddity { return .unproved(oddity) }
        guard header.datestamp <= run else { return .unproved("\(what) is younger than its volume") }
        let told = record?.configurations.first { $0.name == configuration }?.dumps.first {
            $0.host == header.host && $0.disk == header.disk && $0.level == header.level
        }
        switch told?.status {
        case .failed: return .gone
        case .ok, .strange:
            guard let told else { break }
            guard told.parts.allSatisfy({ part in volumes.contains { $0.record.label == part.label } }) else {
                return isEverySlotKnown ? .gone : .unproved("\(what): not every slot could be read")
            }
            return proved(by: told).map { dump($0, run, record, told) }
        default: break
        }
        return try await provedByItself(on: volumes, partByteCount).map { dump($0, run, record, nil) }
    }

    /// A name that is no part of a path, or a level that Amanda has not.
    private var oddity: String? {
        let names = [header.host, header.disk].map(sanitisedDiskName)
        let isFit = names.allSatisfy {
            !["", ".", ".."].contains($0) && $0.utf8.count <= Self.greatestNameByteCount
        }
        return isFit && (0...TarSnapshots.greatestLevel).contains(header.level)
            ? nil : "a header names an impossible disk or level"
    }

    /// Every part that the record names lies there, as long as it says.
    private func proved(by told: DumpRecord) -> Proof {
        var found: [FoundVolume.File] = []
        for part in told.parts {
            guard let file = files.first(where: { $0.label == part.label && $0.number == part.fileNumber })
            else {
                return .unproved("\(what): file \(part.fileNumber) of volume '\(part.label)' is not there")
            }
            guard file.stored.fault(expecting: part.byteCount) == nil, !file.header.isPartial else {
                return .unproved("\(what): '\(file.stored.header)' is not what the node record says")
            }
            found.append(file)
        }
        return found.isEmpty ? .unproved("\(what): the node record names no part") : .whole(found)
    }

    private func provedByItself(on volumes: [FoundVolume], _ partByteCount: Int64?) async throws -> Proof {
        if files.contains(where: \.header.isPartial) {
            return .unproved("\(what) is partial, its header says")
        }
        // A part that did not fit on its volume was written again on the next.
        var last: [Int: FoundVolume.File] = [:]
        for file in files { last[file.header.part?.number ?? 1] = file }
        let parts = last.sorted { $0.key < $1.key }
        guard parts.map(\.key) == Array(1...parts.count) else {
            return .unproved("\(what): a part of it is not there")
        }
        let found = parts.map(\.value)
        if let fault = found.lazy.compactMap({ $0.stored.fault(expecting: nil) }).first {
            return .unproved("\(what): \(fault.text)")
        }
        let total = found.map(\.stored.byteCount).byteSum
        if let server = header.serverCRC, server.isKnown {
            return server.byteCount == total
                ? .whole(found) : .unproved("\(what): \(total) of \(server.byteCount) bytes are there")
        }
        if let count = header.part?.total {
            return count == found.count && files.count == count
                ? .whole(found) : .unproved("\(what): \(found.count) of \(count) parts are there")
        }
        guard files.count == found.count, try await endsAsAnArchive(found, volumes, partByteCount) else {
            return .unproved("\(what): its header says neither how long it is nor how many parts it has")
        }
        return .whole(found)
    }

    /// Stock Amanda writes a header straight to S3 before it knows the length. An archive that nothing compresses shows its
    /// end all the same: the last part is shorter than a part is, and ends with the zeros that tar ends with.
    private func endsAsAnArchive(
        _ found: [FoundVolume.File], _ volumes: [FoundVolume], _ partByteCount: Int64?
    ) async throws -> Bool {
        guard header.compressionSuffix == nil, header.encryptionSuffix == nil,
            header.program == "GNUTAR" || header.application == "amgtar",
            let last = found.last, let piece = last.stored.pieces.last,
            piece.byteCount >= Int64(Self.endOfArchive),
            let reader = volumes.first(where: { $0.record.label == last.label })?.reader
        else { return false }
        let full = found.count > 1 ? found.first?.stored.byteCount : partByteCount
        guard full.map({ last.stored.byteCount < $0 }) ?? true else { return false }
        let block = ByteBlock(capacity: Self.endOfArchive)
        let end = (piece.byteCount - Int64(Self.endOfArchive))..<piece.byteCount
        // What is another end the first time may have changed on its way.
        for isAgain in [false, true] {
            try await reader.read(piece, end, into: block, onNewConnection: isAgain)
            if block.bytes.allSatisfy({ $0 == 0 }) { return true }
        }
        return false
    }

    private func dump(
        _ found: [FoundVolume.File], _ run: Datestamp, _ record: NodeRecord?, _ told: DumpRecord?
    ) -> RecoveredRun.Dump {
        let seconds = told.map { $0.seconds.isFinite ? min(max(0, $0.seconds), 1e7) : 0 } ?? 0
        let logged = LoggedDump(
            header: found.first?.header ?? header,
            parts: found.map { DumpPart($0.stored, number: $0.number, on: $0.label) },
            status: told?.status == .strange ? .strange : .done,
            way: header.datestamp == run ? .straight : .flushed, seconds: seconds,
            messages: told?.strange ?? [])
        let within = record.flatMap { record -> ClosedRange<Int64>? in
            let times = [record.startedAt, record.finishedAt].map {
                Int64(min(max(0, $0.timeIntervalSince1970), 1e12))
            }
            return times[0] <= times[1] ? times[0]...times[1] : nil
        }
        return RecoveredRun.Dump(logged, madeWithin: told == nil ? nil : within)
    }
}

private enum Proof {
    /// In the order of the stream.
    case whole([FoundVolume.File])
    case unproved(String)

    func map(_ dump: ([FoundVolume.File]) -> RecoveredRun.Dump) -> FoundDump.Verdict {
        switch self {
        case .whole(let files): .whole(dump(files))
        case .unproved(let reason): .unproved(reason)
        }
    }
}

extension DumpHeader {
    /// By which logs know the dump.
    var logName: LogDumpName {
        LogDumpName(host: host, disk: disk, datestamp: datestamp.description, level: level)
    }
}

extension StoredFile.Fault {
    fileprivate var text: String {
        switch self {
        case .missing(let key): "'\(key)' is not there"
        case .lengthDiffers(let key, let expected, let found):
            "'\(key)' has \(found) bytes instead of \(expected)"
        }
    }
}
