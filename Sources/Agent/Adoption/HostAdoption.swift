// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Catalog
import Files

/// Host names in this node's disklists that are none of this machine's, and their disks taken over by `localhost`.
///
/// Only where all of them are one machine's: a disklist may name others, whose disks are not here. Every call blocks.
struct HostAdoption: Sendable {
    let settings: AgentSettings

    /// What became of one configuration.
    struct Outcome: Sendable, Equatable {
        let configuration: String
        /// As its disklist names them.
        let hosts: [String]
        /// What was done, one line a file.
        var notes: [String] = []
        var fault: WireError?
    }

    /// Of every configuration that names a foreign host; nothing is written.
    func look(at names: [String]) -> [Outcome] {
        names.compactMap { name in
            guard let loaded = load(name) else { return nil }
            let hosts = foreignHosts(of: loaded)
            return hosts.isEmpty ? nil : Outcome(configuration: name, hosts: hosts)
        }
    }

    /// Takes them over. Done again it does nothing.
    func adopt(_ names: [String]) -> [Outcome] {
        look(at: names).map { outcome in
            var outcome = outcome
            do {
                outcome.notes = try adopt(outcome.configuration, outcome.hosts)
            } catch {
                outcome.fault = WireError(cause: error, node: settings.node)
            }
            return outcome
        }
    }

    /// Why configurations cannot be read: nobody knows which hosts they name.
    func unread(_ names: [String]) -> [WireError] {
        names.flatMap { name -> [WireError] in
            do {
                _ = try ConfigurationDirectory(root: settings.amandaDirectory, name: name).load()
                return []
            } catch {
                return WireError.all(cause: error, node: settings.node).map {
                    $0.within(configuration: name)
                }
            }
        }
    }

    private func load(_ name: String) -> LoadedConfiguration? {
        try? ConfigurationDirectory(root: settings.amandaDirectory, name: name).load()
    }

    private func foreignHosts(of loaded: LoadedConfiguration) -> [String] {
        let entries = loaded.disklist.activeEntries
        let own = HostNames.own(node: settings.node, covering: entries.map(\.host))
        return Set(entries.filter { !$0.isHost(amongst: own) }.map(\.host)).sorted()
    }

    private func adopt(_ name: String, _ hosts: [String]) throws -> [String] {
        guard Set(hosts.map(Self.firstLabel)).count == 1 else {
            throw WireError(
                .configuration, node: settings.node,
                "the disklist of '\(name)' names more than one other machine: \(hosts.joined(separator: ", "))",
                hint: "write localhost yourself for the one that this machine was.")
        }
        guard let loaded = load(name) else { return [] }
        let foreign = loaded.disklist.activeEntries.filter { hosts.contains($0.host) }
        let taken = Set(
            loaded.disklist.entries.filter { $0.host == AdoptedDisklist.host }.map(\.diskName))
        var notes: [String] = []
        for (file, entries) in Dictionary(grouping: foreign, by: \.place.file).sorted(by: {
            ($0.key ?? "") < ($1.key ?? "")
        }) {
            guard let file else { continue }
            notes.append(try rewrite(file, entries, taken, of: loaded))
        }
        return notes
    }

    private static func firstLabel(_ host: String) -> String {
        (host.split(separator: ".").first.map(String.init) ?? host).lowercased()
    }

    private func rewrite(
        _ file: String, _ entries: [DisklistEntry], _ taken: Set<String>, of loaded: LoadedConfiguration
    ) throws -> String {
        let path = FileSystem.realPath(file)
        let root = FileSystem.realPath(settings.amandaDirectory)
        guard path.hasPrefix("\(root)/"), let status = try FileSystem.status(path), status.kind == .regular
        else {
            throw WireError(
                .configuration, node: settings.node,
                "'\(file)' lies outside '\(settings.amandaDirectory)': it is left as it is",
                hint: "write localhost there yourself.")
        }
        let bytes = try FileSystem.readAll(path)
        let adopted = AdoptedDisklist(bytes, entries: entries, taken: taken)
        try requireReadable(adopted, instead: file, of: loaded)
        let copy = try freeName(beside: path)
        try FileSystem.writeAtomically(copy, bytes, mode: status.mode, by: status.owner)
        try FileSystem.writeAtomically(path, adopted.bytes, mode: status.mode, by: status.owner)
        let disks = adopted.adopted.map { "'\($0.disk)'" }.joined(separator: ", ")
        return
            "\(file): \(disks.isEmpty ? "no disk" : disks) of '\(entries.first?.host ?? "")' goes on as localhost's, with a full dump; its old entries "
            + "are ignored and stay for what was dumped; it was as '\(copy)' is"
    }

    /// What is written must be read again, by stock Amanda too.
    private func requireReadable(
        _ adopted: AdoptedDisklist, instead file: String, of loaded: LoadedConfiguration
    ) throws {
        let main = loaded.configuration.disklistPath
        _ = try Disklist(
            parsing: file == main ? adopted.bytes : FileSystem.readAll(main), file: main,
            configuration: loaded.configuration
        ) { path in path == file ? adopted.bytes : try FileSystem.readAll(path) }
    }

    private func freeName(beside path: String) throws -> String {
        for number in 1...1000 {
            let name = "\(path).before-adoption-\(number)"
            if try FileSystem.status(name) == nil { return name }
        }
        throw WireError(.failed, node: settings.node, "'\(path)' was adopted a thousand times")
    }
}

extension HostAdoption.Outcome {
    /// What a report says of it, with the mend where nothing was done.
    var remarks: [String] {
        guard notes.isEmpty, fault == nil else { return notes }
        let names = hosts.map { "'\($0)'" }.joined(separator: ", ")
        return [
            "the disklist of '\(configuration)' names \(names), which \(hosts.count == 1 ? "is" : "are") none of this machine's names: "
                + "it is not backed up so; 'amfleetd adopt' gives these disks to localhost"
        ]
    }
}
