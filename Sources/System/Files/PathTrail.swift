// SPDX-License-Identifier: Apache-2.0

/// Where a path really leads, and over which links.
public struct PathTrail: Sendable, Equatable {
    public struct Link: Sendable, Equatable {
        /// Without links itself.
        public let path: String
        /// Verbatim.
        public let target: String
    }

    /// As many as the kernel follows.
    private static let linkLimit = 40

    /// In the order in which they are followed.
    public private(set) var links: [Link] = []
    /// Without links; what is not there is taken as it is written.
    public private(set) var real: String
    /// Of what is there; nil: nothing, or a circle of links.
    public private(set) var status: FileStatus?

    /// Blocks.
    ///
    /// - Parameter path: absolute.
    public init(_ path: String) {
        var names = Self.names(path)[...]
        var (place, isMissing) = ("", false)
        while let name = names.popFirst() {
            if name == ".." {
                place = place.isEmpty ? "" : Self.parent(of: place)
                continue
            }
            let next = "\(place)/\(name)"
            let found = isMissing ? nil : (try? FileSystem.status(next)).flatMap(\.self)
            isMissing = found == nil
            status = found
            guard found?.kind == .symbolicLink, links.count < Self.linkLimit,
                let target = FileSystem.symbolicLinkTarget(next)
            else {
                place = next
                continue
            }
            links.append(Link(path: next, target: target))
            if target.utf8.first == UInt8(ascii: "/") { place = "" }
            names = (Self.names(target) + names)[...]
            status = nil
        }
        real = place.isEmpty ? "/" : place
        if status == nil, !isMissing { status = (try? FileSystem.status(real)).flatMap(\.self) }
        if status?.kind == .symbolicLink { status = nil }
    }

    private static func names(_ path: String) -> [String] {
        path.pathNames.filter { $0 != "." }
    }

    private static func parent(of place: String) -> String {
        let parent = FileSystem.parentDirectory(of: place)
        return parent == "/" ? "" : parent
    }
}
