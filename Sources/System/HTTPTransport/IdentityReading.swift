// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Certificates
import Synchronization

/// The files that an identity names.
struct IdentityPaths: Hashable, Sendable {
    let authority: String
    let certificate: String?
    let privateKey: String?

    init(_ identity: HTTPIdentity) {
        (authority, certificate, privateKey) = (
            identity.authority, identity.certificate, identity.privateKey
        )
    }

    var all: [String] { [authority, certificate, privateKey].compactMap(\.self) }
}

/// What the files of an identity said when they were looked at.
///
/// Ownership: made by the thread of one look, then the loop's.
struct IdentityReading: @unchecked Sendable {
    /// What they were, before and after they were read; nil: one of them was about to be another.
    fileprivate(set) var stamps: [FileStamp?]?
    /// nil: the identity shows no certificate, or one of the files cannot be used; libcurl reads them then, and says which.
    fileprivate(set) var context: IdentityContext?
}

/// One look at the files of an identity, on a thread of its own: nobody else waits where their disk does not answer.
final class IdentityLook: Sendable {
    let paths: IdentityPaths
    let begunAt: ContinuousClock.Instant
    private let known: IdentityReading?
    private let path: Mutex<String>

    /// - Parameter known: what an earlier look has read: the same files are not read again.
    init(_ paths: IdentityPaths, known: IdentityReading?, now: ContinuousClock.Instant) {
        self.paths = paths
        self.known = known
        begunAt = now
        path = Mutex(paths.authority)
    }

    /// The file that it asked for last.
    var asked: String { path.withLock { $0 } }

    func begin(_ end: @escaping @Sendable (IdentityReading) -> Void) {
        // Without a thread they are what they were; of files that nobody has read libcurl says what is wrong.
        do { try startThread("identity") { end(self.read()) } } catch { end(known ?? IdentityReading()) }
    }

    /// Blocks.
    func read() -> IdentityReading {
        let stamps = self.stamps()
        if let known, known.stamps == stamps { return known }
        guard let certificate = paths.certificate, let privateKey = paths.privateKey else {
            return IdentityReading(stamps: stamps)
        }
        let context = IdentityContext(
            authority: paths.authority, certificate: certificate, privateKey: privateKey,
            asking: { path in self.path.withLock { $0 = path } })
        return IdentityReading(stamps: self.stamps() == stamps ? stamps : nil, context: context)
    }

    private func stamps() -> [FileStamp?] {
        paths.all.map { path in
            self.path.withLock { $0 = path }
            return FileStamp(of: path)
        }
    }
}
