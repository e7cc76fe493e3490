// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat
import BlockingWork
public import Files
import LogOutput
public import Logging

/// One DLE to dump, and where to.
public struct DumpPlan: Sendable {
    /// The disklist's host, verbatim, as headers and snapshots carry it.
    public var host: String
    /// The run.
    public var datestamp: Datestamp
    /// The DLE as its XML describes it: level, compression, properties, excludes, record and index.
    public var dle: DLEDescription
    /// The directory that is read, unless the application's DIRECTORY says otherwise.
    public var device: String
    /// What an increment builds on; nil of a full dump.
    public var base: DumpBase?
    /// Who owns the snapshots: the dumpuser, whom stock Amanda opens them as. nil: this process's user.
    public var snapshotOwner: FileOwner?
    /// The volume, shared with the dumps beside it.
    public var target: any DumpTarget
    /// Whether it may be cut into dump parts (`allow-split`).
    public var allowsSplit = true
    /// Where the index goes, `<512-byte block> <path>` a line; the caller removes it. nil: none is written.
    var indexPath: String?
    /// Holds what tar needs while it runs, in a directory of its own. nil: the system's temporary directory.
    var workDirectory: String?
    /// How long tar may give no byte before the dump has failed (Amanda's `dtimeout`).
    public var stallLimit: Duration
    /// Threads that compress.
    var compressionThreadCount: Int
    /// What the scripts before the dump have said: one that failed keeps the disk from being dumped, their properties
    /// go to the application, and their messages into the outcome. nil: none has run, and a DLE that has scripts is
    /// refused. `ScriptRunner.dump` sets it.
    var preparation: ScriptReport?
    /// The configuration's dumpuser, as whom programs run that compress or encrypt; nil: such a DLE is refused.
    public var filterUser: UserAccount?
    /// Sees tar's archive; nil: nobody does.
    public var witness: ArchiveWitness?
    /// How far this machine's clock is ahead of the store's, below 0 behind it; 0: it is right, or nobody knows. What tar takes for
    /// unchanged goes by it: see `SnapshotTime`.
    public var clockAheadSeconds: Int64 = 0
    /// Told of every step.
    public var logger = Logger.discarding

    /// `device` defaults to the DLE's device, or its disk name.
    public init(
        host: String, datestamp: Datestamp, dle: DLEDescription, device: String? = nil,
        target: any DumpTarget, indexPath: String? = nil,
        workDirectory: String? = nil, stallLimit: Duration = .seconds(1800),
        compressionThreadCount: Int = MemoryPlan.defaultCompressionThreadCount,
        filterUser: UserAccount? = nil
    ) {
        self.host = host
        self.datestamp = datestamp
        self.dle = dle
        self.device = device ?? dle.device ?? dle.disk
        self.target = target
        self.indexPath = indexPath
        self.workDirectory = workDirectory
        self.stallLimit = stallLimit
        self.compressionThreadCount = compressionThreadCount
        self.filterUser = filterUser
    }

    /// How it is laid out there.
    public var storage: StoragePlan {
        var layout = target.layout
        if !allowsSplit { layout.partByteCount = nil }
        layout.allowsSplit = allowsSplit
        return layout
    }

    /// What is read.
    var source: DumpSource {
        DumpSource(
            host: host, dle: dle, device: device, base: base, workDirectory: workDirectory)
    }

    /// With file systems that it asks before tar does.
    var patience: Patience { .limit(stallLimit) }

    /// Where it works, and what else has to have room there; nil: nobody looks after that.
    var stateDirectory: String? { workDirectory.map(FileSystem.parentDirectory) }

    /// The buffers that this dump will take.
    var memory: MemoryPlan {
        let filters = filters
        return MemoryPlan(
            uploadPartByteCount: storage.uploadPartByteCount, uploadThreadCount: storage.uploadThreadCount,
            isCompressed: filters.all.contains(where: \.isNativeCompression),
            stepCount: filters.all.count { !$0.isNativeCompression },
            compressionThreadCount: compressionThreadCount)
    }

    /// The header of every part, without what is known only at the end.
    var header: DumpHeader {
        var header = DumpHeader(
            kind: .split, datestamp: datestamp, host: host, disk: dle.disk, level: dle.level,
            program: dle.program == "GNUTAR" ? "/bin/tar" : dle.program, application: dle.plugin)
        header.dleText = dle.text
        header.describeFilters(of: dle)
        return header
    }

    /// Between tar and the bucket.
    var filters: FilterChain { FilterChain(dle) }

    var filterSettings: FilterSettings {
        FilterSettings(
            user: filterUser, width: compressionThreadCount, stallLimit: stallLimit, logger: logger)
    }

    /// Refuses what the engine cannot do, before anything is begun. Blocks.
    func check() throws {
        if preparation == nil, !dle.scripts.isEmpty {
            throw DumpError.unsupported(what: "a dump before which its scripts have not run")
        }
        if let fault = filters.faults(filterSettings).first { throw fault }
        guard (0...TarSnapshots.greatestLevel).contains(dle.level) else {
            throw DumpError.unsupported(what: "a dump of level \(dle.level)")
        }
        guard dle.program == "GNUTAR" || (dle.program == "APPLICATION" && dle.plugin == "amgtar") else {
            throw DumpError.unsupported(what: "a dump by '\(dle.plugin ?? dle.program)'")
        }
        guard storage.isMultipart || storage.blockByteCount >= 1 else {
            throw DumpError.unsupported(what: "an empty block")
        }
    }
}
