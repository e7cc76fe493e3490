// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Files
import FoundationEssentials
import Logging

/// The agent's jobs on disk, under `<stateDirectory>/jobs`.
///
/// Shape: `<id>.json` is a `StoredJob`, replaced atomically; `<id>.events` is its `JobEvent`s as NDJSON, only ever
/// added to; `<id>.dumps` is the dumps that its record has beyond `<id>.json`, `KeptDump`s as NDJSON. A line that a crash tore
/// is skipped. Of the others what cannot be read is set aside under its name and `.damaged`: the agent starts all the same.
struct JobStore: Sendable {
    /// Bytes at most of one file; larger ones are not ours.
    static let fileByteCountLimit = 64 << 20

    private let jobs: String
    private let stateFile: String

    init(stateDirectory: String) throws(FilesError) {
        jobs = Self.directory(stateDirectory)
        stateFile = "\(stateDirectory)/agent-state.json"
        try FileSystem.makeDirectories(jobs, mode: 0o700)
    }

    static func directory(_ stateDirectory: String) -> String { "\(stateDirectory)/jobs" }

    func save(_ job: StoredJob) throws {
        try FileSystem.writeAtomically(jobFile(job.request.id), WireJSON.document(job), mode: 0o600)
        // It has them all.
        let dumps = dumpsFile(job.request.id)
        if try FileSystem.isPresent(dumps) { try FileSystem.remove(dumps) }
    }

    /// Adds to the record of the job that was saved last.
    func append(_ dump: KeptDump, to id: String) throws {
        try FileSystem.append(dumpsFile(id), WireJSON.line(dump), mode: 0o600, synchronising: false)
    }

    /// Every job on disk, in no particular order.
    func loadJobs(logger: Logger) throws -> [StoredJob] {
        try FileSystem.list(jobs).filter { $0.hasSuffix(".json") }.compactMap { name in
            let path = "\(jobs)/\(name)"
            do {
                let job = try WireJSON.read(StoredJob.self, from: try read(path), what: path)
                // Its other files, and where it is written to, bear the id.
                guard name == "\(job.request.id).json", job.snapshot.id == job.request.id else {
                    throw MisplacedJob(path: path, id: job.request.id)
                }
                return try withDumps(job)
            } catch {
                setAside(file: path, because: error, logger: logger)
                return nil
            }
        }
    }

    /// A job whose files cannot be read, or not be written any more.
    func setAside(_ id: String, because error: any Error, logger: Logger) {
        for path in [jobFile(id), eventsFile(id), dumpsFile(id)] where FileSystem.exists(path) {
            setAside(file: path, because: error, logger: logger)
        }
    }

    private func setAside(file path: String, because error: any Error, logger: Logger) {
        logger.error("\(error); set aside as \(path).damaged")
        do {
            try FileSystem.rename(path, to: "\(path).damaged")
        } catch {
            logger.error("\(error)")
        }
    }

    private func withDumps(_ job: StoredJob) throws -> StoredJob {
        let dumps: [KeptDump] = try lines(of: dumpsFile(job.request.id))
        var job = job
        job.snapshot.record = job.snapshot.record?.adding(dumps)
        return job
    }

    /// Forgets a job; what cannot be removed is logged.
    func remove(_ id: String, logger: Logger) {
        for path in [jobFile(id), eventsFile(id), dumpsFile(id)] where FileSystem.exists(path) {
            do {
                try FileSystem.remove(path)
            } catch {
                logger.warning("\(error)")
            }
        }
    }

    /// What reached the disk survives the agent's own death at once, and a power failure within seconds.
    func append(_ event: JobEvent, to id: String) throws {
        try FileSystem.append(
            eventsFile(id), WireJSON.line(event), mode: 0o600, synchronising: event.state != nil)
    }

    /// The events in their order; torn lines are left out.
    func events(of id: String) throws -> [JobEvent] { try lines(of: eventsFile(id)) }

    private func lines<Value: Decodable>(of path: String) throws -> [Value] {
        guard try FileSystem.isPresent(path) else { return [] }
        let lines = try read(path).split(separator: UInt8(ascii: "\n"))
        return lines.compactMap { try? WireJSON.read(Value.self, from: Array($0), what: path) }
    }

    /// Ends a line that a crash tore, so that the next one stands by itself.
    func mendEvents(of id: String) throws {
        guard try FileSystem.isPresent(eventsFile(id)) else { return }
        if let last = try read(eventsFile(id)).last, last != UInt8(ascii: "\n") {
            try FileSystem.append(eventsFile(id), [UInt8(ascii: "\n")])
        }
    }

    /// What cannot be read, or says a fence that cannot be, is set aside; then the jobs' own fences are the highest that are known.
    ///
    /// - Parameter jobs: all that are on disk.
    func loadState(_ jobs: [StoredJob] = [], logger: Logger) -> AgentState {
        let fences = jobs.map(\.request.fence).filter { Fence.isPossible($0, at: Date()) }
        let ofJobs = AgentState(highestFence: fences.max() ?? 0)
        do {
            guard try FileSystem.isPresent(stateFile) else { return ofJobs }
            let state: AgentState = try WireJSON.read(from: try read(stateFile), what: stateFile)
            guard Fence.isPossible(state.highestFence, at: Date()) else {
                throw ImpossibleFence(path: stateFile, fence: state.highestFence)
            }
            return state
        } catch {
            setAside(file: stateFile, because: error, logger: logger)
            return ofJobs
        }
    }

    func save(_ state: AgentState) throws {
        try FileSystem.writeAtomically(stateFile, WireJSON.document(state), mode: 0o600)
    }

    private func read(_ path: String) throws(FilesError) -> [UInt8] {
        try FileSystem.readAll(path, limit: Self.fileByteCountLimit)
    }

    private struct MisplacedJob: Error, CustomStringConvertible {
        let path: String
        let id: String

        var description: String { "\(path) cannot be read: it is of job '\(id.prefix(200))'" }
    }

    private struct ImpossibleFence: Error, CustomStringConvertible {
        let path: String
        let fence: Int

        var description: String { "\(path) cannot be read: no lease can have the number \(fence) yet" }
    }

    private func jobFile(_ id: String) -> String { "\(jobs)/\(id).json" }
    private func dumpsFile(_ id: String) -> String { "\(jobs)/\(id).dumps" }
    private func eventsFile(_ id: String) -> String { "\(jobs)/\(id).events" }
}
