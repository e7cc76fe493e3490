// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat
import BlockingWork
public import Files
public import LogOutput
public import Logging
import Saturation
import Synchronization

/// The holding disks of one configuration during one run: who may write how much where.
///
/// `HoldingSpace` decides; here the kernel is asked, and remembered what is promised to which dump. Every call blocks.
public final class HoldingArea: Sendable {
    /// A holding disk that is there.
    struct Place: Sendable {
        let directory: String
        let disk: HoldingDisk
        let device: UInt64
    }

    private struct Writer {
        var promised: [Int: Int64]
        var disk: Int?
    }

    private struct State {
        var writers: [Int: Writer] = [:]
        var nextWriter = 0
        /// Bytes that this run has written, by disk.
        var written: [Int: Int64] = [:]
        var runDirectories: Set<String> = []
    }

    /// Holding disks that cannot be used, and why.
    public let remarks: [String]
    /// Room on all of them when the run began.
    let roomAtStart: Int64
    let places: [Place]
    let run: Datestamp
    let owner: FileOwner?
    let logger: Logger
    /// How long a disk may take for a few mebibytes.
    let stallLimit: Duration
    /// Never held while a disk is looked at: a dump that ends lets go of its room wherever it is.
    private let state = Mutex(State())

    /// What lies on the disks, as the kernel says.
    private struct Look {
        /// Bytes that a disk takes, and that lie in its directory.
        let disks: [(free: Int64, held: Int64)]
        /// `State.written` before.
        let written: [Int: Int64]
    }

    /// - Parameters:
    ///   - disks: of `amanda.conf`, in its order.
    ///   - owner: the configuration's `dumpuser`, to whom chunks belong.
    public init(
        _ disks: [HoldingDisk], run: Datestamp, owner: FileOwner?,
        stallLimit: Duration = .seconds(1800), logger: Logger = .discarding
    ) {
        var places: [Place] = []
        var remarks: [String] = []
        let rooms = Self.rooms(disks.map(\.directory))
        for disk in disks {
            switch rooms[disk.directory] {
            case .success(let room)?:
                places.append(Place(directory: disk.directory, disk: disk, device: room.device))
            case .failure(let error)?: remarks.append(Self.remark(on: disk, error))
            case nil: remarks.append(Self.remark(on: disk, HangFault(disk.directory, within: Self.lookLimit)))
            }
        }
        self.places = places
        self.remarks = remarks
        self.run = run
        self.owner = owner
        self.logger = logger
        self.stallLimit = stallLimit
        roomAtStart =
            (try? Self.space(places, Self.look(at: places, written: [:]), besides: nil, State()).totalRoom)
            ?? 0
    }

    /// Why a holding disk cannot be used now; nil: it can. Blocks.
    ///
    /// - Parameter user: who is to write there.
    public static func fault(of disk: HoldingDisk, to user: UserAccount) -> String? {
        do {
            _ = try FileSystem.room(at: disk.directory)
            guard let refusing = FileRights.refusingDirectory(disk.directory, to: user.owner) else {
                return nil
            }
            return
                "holding disk '\(disk.name)' is not used: user '\(user.name)' may not write in '\(refusing)' "
                + "(chown \(user.name): '\(refusing)')"
        } catch {
            return remark(on: disk, error)
        }
    }

    private static func remark(on disk: HoldingDisk, _ error: any Fault) -> String {
        "holding disk '\(disk.name)' is not used: \(error.facts)"
    }

    /// Longer than a holding disk takes to say what lies on it.
    private static let lookLimit: Duration = .seconds(20)

    /// Of those that answer.
    private static func rooms(_ directories: [String]) -> [String: Result<FileSystemRoom, FilesError>] {
        PatientLook.all(directories, what: "holding-look", limit: lookLimit) { directory in
            do throws(FilesError) { return .success(try FileSystem.room(at: directory)) } catch {
                return .failure(error)
            }
        }
    }

    /// Room for one dump, kept for it until the target is released.
    ///
    /// - Parameters:
    ///   - expected: stored bytes that it is likely to have; nil: not known, and any room will do.
    ///   - directory: what is dumped: a holding disk inside it, on the same file system, is not used for it.
    /// - Throws: `HoldingError` when there is no room.
    public func target(
        expected: Int64?, level: Int, readFrom directory: String, reservePercent: Int = 0
    ) throws -> HoldingTarget {
        let unfit = places(inside: directory)
        guard unfit.count < places.count else {
            throw HoldingError.noDisk(
                reasons: remarks
                    + unfit.sorted().map { "'\(places[$0].directory)' lies inside '\(directory)'" })
        }
        let look = try look()
        let id = try state.withLock { state in
            let space = Self.space(places, look, besides: nil, state).without(unfit)
            let room = space.totalRoom
            let byteCount = expected.map(Self.withHeaders) ?? HoldingSpace.smallestChunkByteCount
            let reserve = HoldingReserve(percent: reservePercent, roomAtStart: roomAtStart)
            guard reserve.admits(level: level, byteCount: byteCount, room: room) else {
                throw HoldingError.reserved(percent: reservePercent)
            }
            guard let shares = space.place(byteCount: byteCount) else {
                throw HoldingError.noRoom(expected: expected ?? 0, room: room)
            }
            let id = state.nextWriter
            state.nextWriter += 1
            state.writers[id] = Writer(
                promised: Dictionary(uniqueKeysWithValues: shares.map { ($0.disk, $0.byteCount) }),
                disk: shares.first?.disk)
            return id
        }
        return HoldingTarget(area: self, id: id, unfit: unfit)
    }

    /// Where the next chunk of a dump goes; nil when every disk is full.
    func nextChunk(of id: Int, without full: Set<Int>) throws -> HoldingSpace.Share? {
        let look = try look()
        return state.withLock { state in
            let space = Self.space(places, look, besides: id, state)
            let share = space.nextChunk(preferring: state.writers[id]?.disk, without: full)
            state.writers[id]?.disk = share?.disk
            return share
        }
    }

    /// So much of what was promised has been written, and is the kernel's to count.
    func wrote(_ byteCount: Int64, of id: Int, on disk: Int) {
        state.withLock { state in
            state.written[disk, default: 0] += byteCount
            guard let promised = state.writers[id]?.promised[disk] else { return }
            state.writers[id]?.promised[disk] = max(0, promised - byteCount)
        }
    }

    /// A dump has ended: what is still promised to it is free again.
    func release(_ id: Int) {
        state.withLock { $0.writers[id] = nil }
    }

    /// The run's directory on a disk, made if need be, with this process's id in it as stock Amanda leaves its own.
    func runDirectory(on disk: Int) throws -> String {
        let directory = "\(places[disk].directory)/\(run)"
        if state.withLock({ $0.runDirectories.contains(directory) }) { return directory }
        try FileSystem.makeDirectories(directory, mode: 0o700, by: owner)
        guard try FileSystem.status(directory)?.kind == .directory else {
            throw FilesError("use", directory, reason: "it is no directory of its own")
        }
        try FileSystem.writeAtomically(
            "\(directory)/\(HoldingName.processFile)", Array("\(RunningProcess.current)".utf8), by: owner)
        try FileSystem.synchroniseDirectory(places[disk].directory)
        state.withLock { _ = $0.runDirectories.insert(directory) }
        return directory
    }

    /// For `runBlocking(asking:)`: where this run has written, as far as it answers.
    public var mayHang: [String] {
        state.withLock { $0.runDirectories }.map(FileSystem.parentDirectory).filter { Hangs.at($0) == nil }
    }

    /// The run has ended: its process ids go, and directories in which nothing was left, where they answer. Blocks.
    public func close() {
        for directory in state.withLock({ $0.runDirectories })
        where Hangs.at(FileSystem.parentDirectory(of: directory)) == nil {
            try? FileSystem.remove("\(directory)/\(HoldingName.processFile)")
            try? FileSystem.remove(directory)
        }
    }

    private func places(inside directory: String) -> Set<Int> {
        let top = directory.hasSuffix("/") ? directory : directory + "/"
        let device = try? Self.rooms([directory])[directory]?.get().device
        return Set(
            places.indices.filter { "\(places[$0].directory)/".hasPrefix(top) && places[$0].device == device }
        )
    }

    /// Each chunk's header takes room as well.
    private static func withHeaders(_ byteCount: Int64) -> Int64 {
        let (sum, overflow) = byteCount.addingReportingOverflow(HoldingSpace.smallestChunkByteCount)
        return overflow ? .max : sum
    }

    private func look() throws -> Look {
        try Self.look(at: places, written: state.withLock { $0.written })
    }

    private static func look(at places: [Place], written: [Int: Int64]) throws -> Look {
        let rooms = Self.rooms(places.map(\.directory))
        let counted = places.filter { $0.disk.useBytes > 0 }.map(\.directory)
        let held = PatientLook.all(counted, what: "holding-look", limit: lookLimit) { directory in
            Result { try heldByteCount(in: directory) }
        }
        let disks = try places.map { place in
            // One that does not answer takes nothing.
            guard let room = try rooms[place.directory]?.get(),
                let held = try place.disk.useBytes > 0 ? held[place.directory]?.get() : 0
            else { return (free: Int64(0), held: Int64(0)) }
            return (free: room.freeByteCount, held: held)
        }
        return Look(disks: disks, written: written)
    }

    private static func space(
        _ places: [Place], _ look: Look, besides id: Int?, _ state: State
    ) -> HoldingSpace {
        let others = state.writers.filter { $0.key != id }.values
        // What was written since the look may not be counted in it.
        let since = places.indices.map { (state.written[$0] ?? 0) - (look.written[$0] ?? 0) }
        return HoldingSpace(
            places.enumerated().map { index, place in
                let besides = zip(places, since).reduce(0) { $0 + ($1.0.device == place.device ? $1.1 : 0) }
                return HoldingSpace.Disk(
                    useByteCount: place.disk.useBytes, chunkByteCount: place.disk.chunkByteCount,
                    fileSystem: place.device, freeByteCount: max(0, look.disks[index].free - besides),
                    heldByteCount: place.disk.useBytes > 0
                        ? look.disks[index].held.saturatingPlus(since[index]) : 0,
                    promisedByteCount: others.reduce(0) { $0 + ($1.promised[index] ?? 0) },
                    dumpCount: others.count { $0.disk == index })
            })
    }

    private static func heldByteCount(in directory: String) throws -> Int64 {
        var sum: Int64 = 0
        try FileSystem.forEachEntry(below: directory) { status in
            if status.kind == .regular { sum = sum.saturatingPlus(status.byteCount) }
            return true
        }
        return sum
    }
}

extension HoldingSpace {
    /// The same with no room on some disks.
    fileprivate func without(_ indices: Set<Int>) -> HoldingSpace {
        var space = self
        for index in indices {
            space.disks[index].useByteCount = 1
            space.disks[index].heldByteCount = 1
        }
        return space
    }
}
