// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat

/// One dump as the headers of its files show it, and whether all of it is there.
struct SurveyedDump: Sendable {
    enum Verdict: Sendable {
        /// In the order of the stream. `doubt`: what no header says.
        case whole([SurveyedVolume.File], doubt: String?)
        case broken(String)
    }

    let name: LogDumpName
    let made: Datestamp
    /// That its volumes bear: a later one for a dump that waited on a holding disk.
    let written: Datestamp
    let verdict: Verdict
    /// Of one of its files.
    let header: DumpHeader

    /// Groups what the volumes hold; newest first.
    static func all(on volumes: [SurveyedVolume]) -> [SurveyedDump] {
        struct Key: Hashable {
            let name: LogDumpName
            let written: Datestamp
        }
        var files: [Key: [SurveyedVolume.File]] = [:]
        for volume in volumes {
            for file in volume.files {
                files[Key(name: file.header.logName, written: volume.run), default: []].append(file)
            }
        }
        return files.compactMap { key, files in
            files.first.map {
                SurveyedDump(
                    name: key.name, made: $0.header.datestamp, written: key.written,
                    verdict: verdict(on: files, written: key.written), header: $0.header)
            }
        }.sorted { $0.place > $1.place }
    }

    /// What was read: the disk's name unless the header says otherwise.
    var device: String { (try? header.dle)?.flatMap { $0.device ?? $0.disk } ?? header.disk }

    var diskName: DiskName { DiskName(host: name.host, disk: name.disk) }
    var level: Int { name.level }

    /// nil: it is broken.
    var files: [SurveyedVolume.File]? {
        if case .whole(let files, _) = verdict { files } else { nil }
    }

    var fault: String? {
        if case .broken(let reason) = verdict { reason } else { nil }
    }

    /// `level 0 of '/data'`
    var what: String { "level \(name.level) of '\(name.disk)'" }

    private var place: (String, Int, String, String, String) {
        (made.digits, name.level, written.digits, name.host, name.disk)
    }

    /// Before its last data object is there a file of ours says `PARTIAL=YES`, and a second attempt goes on behind what the
    /// first has left; stock Amanda's header stands there before the data, and says neither length nor number.
    private static func verdict(
        on files: [SurveyedVolume.File], written: Datestamp
    ) -> Verdict {
        guard let made = files.first?.header.datestamp, made <= written else {
            return .broken("it is younger than its volume")
        }
        let final = files.filter { !$0.header.isPartial }
        guard let newest = final.last else { return .broken("its header says that it is partial") }
        let sum = newest.header.serverCRC.flatMap { $0.isKnown ? $0 : nil }
        let ours = sum == nil ? final : final.filter { $0.header.serverCRC == sum }
        guard sum != nil || final.count == files.count else {
            return .broken("a header of it says that it is partial")
        }
        // A part that did not fit on its volume was written again on the next.
        var last: [Int: SurveyedVolume.File] = [:]
        for file in ours { last[file.header.part?.number ?? 1] = file }
        let parts = last.sorted { $0.key < $1.key }
        if let gap = parts.enumerated().first(where: { $0.offset + 1 != $0.element.key }) {
            return .broken("part \(gap.offset + 1) of it is not there")
        }
        let found = parts.map(\.value)
        if let file = found.first(where: { $0.byteCount == nil }) {
            return .broken("the data of file \(file.number) of volume '\(file.label)' are not all there")
        }
        let total = found.compactMap(\.byteCount).byteSum
        if let sum {
            return sum.byteCount == total
                ? .whole(found, doubt: nil)
                : .broken("\(total) of its \(sum.byteCount) bytes are there")
        }
        if let count = newest.header.part?.total {
            return count == found.count
                ? .whole(found, doubt: nil) : .broken("\(found.count) of its \(count) parts are there")
        }
        let isCutShort = found.count > 1 && (found.last?.byteCount ?? 0) < (found.first?.byteCount ?? 0)
        return .whole(found, doubt: isCutShort ? nil : "no header says how long it is")
    }
}
