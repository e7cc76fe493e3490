// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Dump
import Files

/// Taking a volume that is a directory. Every call blocks.
struct VolumeDirectory: Sendable {
    let path: DirectoryDevicePath
    /// `data` of a `chg-disk:`, which leads to the slot used last; nil for other changers.
    let currentLink: String?
    let owner: FileOwner?

    init(_ path: DirectoryDevicePath, of changer: ChangerDefinition, owner: FileOwner?) {
        self.path = path
        self.owner = owner
        if case .disk(let disk) = changer.kind {
            currentLink = "\(disk.directory)/data"
        } else {
            currentLink = nil
        }
    }

    /// Labels the directory for a run, once its old files are gone. A slot that is not there yet is made.
    func label(_ label: VolumeHeader) throws -> (next: UInt32, usedByteCount: Int64) {
        if currentLink != nil { try FileSystem.makeDirectories(path.path, mode: 0o700, by: owner) }
        let files = try DirectoryFiles(path)
        try files.delete(from: 0)
        try files.write(label, owner: owner)
        try makeCurrent()
        return (1, 0)
    }

    /// Behind the last file that has a header; what a killed attempt left behind it is deleted.
    func goOn() throws -> (next: UInt32, usedByteCount: Int64) {
        let files = try DirectoryFiles(path)
        let entries = try files.entries().filter { !$0.isEmpty && $0.number > 0 }
        let last = entries.last?.number ?? 0
        guard last < VolumeError.lastNumber else {
            throw VolumeError.noNumberLeft(place: path.path, last: last)
        }
        try files.delete(from: last + 1)
        try makeCurrent()
        return (last + 1, entries.map(\.byteCount).byteSum)
    }

    /// So that `file:VTAPEROOT` reaches it, as amanda-changers(7) says. Whatever else bears that name stays.
    private func makeCurrent() throws {
        guard let currentLink else { return }
        if let kind = try FileSystem.status(currentLink)?.kind, kind != .symbolicLink { return }
        try FileSystem.makeSymbolicLink(currentLink, to: "slot\(path.slot)", by: owner)
    }
}
