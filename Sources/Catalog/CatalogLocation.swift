// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
public import Files

/// Where one configuration keeps its catalog: absolute paths, and who owns the files.
public struct CatalogLocation: Sendable, Equatable {
    /// The configuration's name; also that of its storage and pool where it defines none.
    public var configuration: String
    /// The directory of `amanda.conf`.
    public var directory: String
    public var tapelist: String
    public var logDirectory: String
    public var indexDirectory: String
    public var infoDirectory: String
    public var commandFile: String
    /// `changerfile`; nil for a changer that keeps no state.
    public var changerStateFile: String?
    /// `changerStateFile` tells of volumes in directories alone.
    var changerStateIsOfDirectories = false
    /// Of the configuration's holding disks.
    var holdingDirectories: [String]
    /// What is in it.
    var changerStateForm = ChangerState.Form.multi
    public var storage: String
    var pool: String
    /// Every volume is marked `no-reuse` once it is written (`set-no-reuse`).
    public var setsNoReuse = false
    /// `dumpuser`: everything that is written belongs to it. Nil: to this process's user.
    public var owner: FileOwner?
    /// How long to wait for a lock that another program holds.
    var lockWait: Duration
    /// How long one call on a single file may take, while everything else answers.
    var callLimit: Duration
    /// Runs that readers are told of as if they stood in the catalog: what a dry run sees, which enters nothing.
    public var recovered: [RecoveredRun] = []

    /// Amanda's default places inside the configuration's directory.
    init(configuration: String, directory: String, owner: FileOwner?) {
        self.configuration = configuration
        self.directory = directory
        tapelist = directory + "/tapelist"
        logDirectory = directory
        indexDirectory = directory + "/index"
        infoDirectory = directory + "/curinfo"
        commandFile = directory + "/command_file"
        holdingDirectories = []
        storage = configuration
        pool = configuration
        self.owner = owner
        lockWait = .seconds(60)
        callLimit = .seconds(300)
    }

    /// The file that Amanda's device keeps a bucket's label in, and believes: it must go when the label changes.
    ///
    /// Source: Amanda 3.5.1, seen as `bucket-<bucket>/<prefix>` beside `amanda.conf`; only prefixes without `/` get one.
    func labelCache(bucket: String, prefix: String) -> String? {
        guard !prefix.isEmpty, !prefix.utf8.contains(UInt8(ascii: "/")), prefix != ".", prefix != ".." else {
            return nil
        }
        return "\(directory)/bucket-\(bucket)/\(prefix)"
    }

    /// What an empty machine wants back of the changer: not a state of volumes in directories, which are lost with the machine or
    /// stay where they are, and whose labels tell the changer the same again.
    public var savedChangerStateFile: String? { changerStateIsOfDirectories ? nil : changerStateFile }

    /// The directory of a DLE under `indexDirectory` or `infoDirectory`.
    func diskDirectory(in directory: String, host: String, disk: String) -> String {
        "\(directory)/\(sanitisedDiskName(host))/\(sanitisedDiskName(disk))"
    }
}

extension CatalogLocation {
    /// The directories that catalogs are written in, and the parameters of `amanda.conf` that lead there.
    public var places: [String: [String]] {
        var places: [String: [String]] = [:]
        func add(_ directory: String, _ name: String) { places[directory, default: []].append("'\(name)'") }
        add(FileSystem.parentDirectory(of: tapelist), "tapelist")
        add(logDirectory, "logdir")
        add(indexDirectory, "indexdir")
        add(infoDirectory, "infofile")
        if let changerStateFile { add(FileSystem.parentDirectory(of: changerStateFile), "changerfile") }
        return places
    }
}
