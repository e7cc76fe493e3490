// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Files
import Glibc

/// Puts sealed files back where `SecretPlaces` lets them lie, each whole or not at all. Every call blocks.
struct SecretInstall: Sendable {
    let places: SecretPlaces
    /// Whether what is there and differs goes; a copy of it stays beside it.
    let overwrites: Bool
    /// Names the copies.
    let run: RunName

    /// In the order given; what cannot be put back is an outcome.
    func install(_ files: [SealedFile]) -> [RestoredSecret] { files.map(install) }

    private func install(_ file: SealedFile) -> RestoredSecret {
        switch places.decide(file) {
        case .leftOut(let reason):
            return RestoredSecret(path: file.path, kind: file.kind, state: .leftOut, reason: reason)
        case .place(let place):
            do throws(FilesError) {
                return try install(file, at: place)
            } catch {
                return RestoredSecret(
                    path: file.path, kind: file.kind, state: .failed, reason: error.description)
            }
        }
    }

    private func install(
        _ file: SealedFile, at place: SecretPlaces.Place
    ) throws(FilesError) -> RestoredSecret {
        let pieces = place.below.pathNames
        guard let name = pieces.last else { throw FilesError("write", file.path, errorNumber: EINVAL) }
        let directory = try directory(pieces.dropLast(), in: place)
        func outcome(_ state: RestoredSecret.State, _ reason: String? = nil) -> RestoredSecret {
            RestoredSecret(path: file.path, kind: file.kind, state: state, reason: reason)
        }
        guard let status = try directory.status(of: name) else {
            try directory.write(name, file.content, mode: place.mode, owner: place.owner, replacing: false)
            return outcome(.restored)
        }
        let isRegular = status.kind == .regular
        let there = isRegular ? try? directory.readRegular(name, limit: SecretLimits.fileByteCount) : nil
        if let there, there.bytes == file.content { return outcome(.same) }
        // The machine's own link, which is left alone either way.
        if status.kind == .symbolicLink,
            let (bytes, _) = try? FileSystem.readRegular(
                file.path, limit: SecretLimits.fileByteCount, by: place.owner),
            bytes == file.content
        {
            return outcome(.same)
        }
        guard overwrites else {
            return outcome(
                .kept, isRegular ? "another one is there" : "something that is no file has its name")
        }
        guard status.kind == .regular || status.kind == .symbolicLink else {
            return outcome(.failed, "something that is no file has its name")
        }
        let copy = "\(name).before-\(run)"
        if isRegular { try directory.link(name, as: copy) }
        try directory.write(name, file.content, mode: place.mode, owner: place.owner, replacing: true)
        return outcome(
            .replaced,
            isRegular ? "what was there is '\(FileSystem.parentDirectory(of: file.path))/\(copy)' now" : nil)
    }

    /// Down from the top through no link; what is missing is made for the file's owner alone.
    private func directory(
        _ names: ArraySlice<String>, in place: SecretPlaces.Place
    ) throws(FilesError) -> OpenDirectory {
        var current = try OpenDirectory(making: place.top)
        for name in names {
            let isNew = try current.status(of: name) == nil
            current = try current.beneath(name, making: true, mode: 0o700)
            if isNew { try current.setOwner(place.owner) }
        }
        return current
    }
}
