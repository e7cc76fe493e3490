// SPDX-License-Identifier: Apache-2.0

extension SelfBackupGap {
    /// `'/etc/amanda/vertica/disklist' (an exclude leaves it out …)`
    public var text: String {
        let more = moreCount.map { " and \(Quantity.count($0, "more file")) there" } ?? ""
        return "'\(path)'\(more) (\(why))"
    }

    private var why: String {
        let place = detail.map { "'\($0)'" } ?? "it"
        return switch reason {
        case .outside: "it lies outside every disk of the self-backup"
        case .mounted: "\(place) is a file system of its own, which the disk leaves out"
        case .linked: "it leads to \(place), outside every disk of the self-backup"
        case .directoryLinked: "\(place) is a link inside the disk, and a restore in place follows none"
        case .linkAbsent: "the link \(place) is not in the archive"
        case .absent: "it is not in the archive: excluded, not included, or not readable"
        case .different: "the archive holds something else than the file does"
        case .noFile: "it is no file"
        case .silent: "it does not answer"
        case .unread: "the archive could not be followed: \(detail ?? "no reason is given")"
        case .unsealed: "its dump is encrypted by \(place), and what decrypts it is sealed nowhere"
        case .other: "a newer agent says so"
        }
    }

    /// What to do, in the imperative.
    public var mend: String {
        switch reason {
        case .outside, .linked:
            "add its directory to the disklist of the self-backup, or move it inside one of its disks"
        case .mounted: "add the file system to the disklist of the self-backup as a disk of its own"
        case .directoryLinked:
            "let a disk of the self-backup be Amanda's directory itself, or the directory no link"
        case .linkAbsent, .absent:
            "look at the excludes and includes of the self-backup's dumptype, its application's properties, and "
                + "what tar says in 'amfleet show'"
        case .different, .unread: "see that nothing writes to it meanwhile"
        case .unsealed:
            "make a recovery key with 'amfleet recovery add', or do not encrypt the self-backup"
        case .noFile: "put a file there"
        case .silent: "bring its file system back"
        case .other: "look at the self-backup's disklist and dumptype"
        }
    }
}

extension [SelfBackupGap] {
    /// Gaps that are told, at most.
    public static let toldLimit = 20

    /// All of them in one sentence.
    var text: String {
        let told = prefix(5).map(\.text).joined(separator: ", ")
        return count > 5 ? "\(told), and \(count - 5) more" : told
    }

    /// What to do about the first.
    var mend: String? { first.map { "\($0.mend), and run 'amfleet backup'" } }
}
