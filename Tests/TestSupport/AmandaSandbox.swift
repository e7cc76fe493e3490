// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation

/// A mount namespace in which `/etc/amanda`, and whatever else Amanda's programs share on a machine, is a test's own.
///
/// Those programs take a configuration only by its name below `/etc/amanda`, and read there what a machine has set for
/// all of them; so each of them runs with folders of the sandbox in the place of the machine's. The machine's own
/// configurations, security file, amandates, snapshots, debug logs and keys are neither read nor touched.
///
///     <directory>/etc   /etc/amanda, unless a folder is given       <directory>/lib   /var/lib/amanda
///     <directory>/log   /var/log/amanda                             <directory>/tmp   /tmp/amanda
///     <directory>/home  the home of Amanda's user                   <directory>/security  /etc/amanda-security.conf
public struct AmandaSandbox: Sendable {
    /// Amanda's user, as Debian names it.
    public static let user = "backup"

    /// What Amanda's programs take for `/etc/amanda`.
    public let configurations: String

    /// Their user's home, with the keys of amcrypt and the list of who may ask.
    public var home: String { "\(directory)/home" }

    private let directory: String
    private let places: [(own: String, machines: String)]

    /// Whether programs can be run so at all: only root mounts.
    public static var isUsable: Bool {
        (geteuid() == 0 && UserAccount(named: user) != nil || RequiredTools.mustBePresent)
            && RequiredTools.areUsable("unshare", "mount", "runuser")
    }

    /// Makes the folders in `directory`, below which everybody may pass; the caller removes it.
    ///
    /// - Parameter configurations: a folder of the test's for `/etc/amanda`; nil: one of the sandbox's own.
    public init(_ directory: String, configurations: String? = nil) throws {
        guard let account = UserAccount(named: Self.user) else { throw MissingTool(name: "amadmin") }
        self.directory = directory
        self.configurations = configurations ?? "\(directory)/etc"
        places = [
            (self.configurations, "/etc/amanda"), ("\(directory)/lib", "/var/lib/amanda"),
            ("\(directory)/log", "/var/log/amanda"), ("\(directory)/tmp", "/tmp/amanda"),
            ("\(directory)/home", account.home), ("\(directory)/security", "/etc/amanda-security.conf"),
        ]
        try FileSystem.makeDirectories(directory)
        try FileSystem.makeDirectories(self.configurations)
        for folder in ["empty", "lib", "lib/gnutar-lists", "log", "tmp", "home"] {
            try FileSystem.makeDirectories("\(directory)/\(folder)", mode: 0o700, owner: account.owner)
        }
        try FileSystem.writeAtomically("\(directory)/lib/amandates", [], owner: account.owner)
        try FileSystem.writeAtomically(
            "\(home)/.amandahosts", Array(Self.hosts.utf8), owner: account.owner)
        try FileSystem.writeAtomically("\(directory)/security", Array(Self.security.utf8), mode: 0o644)
    }

    /// What starts `arguments` in the sandbox, in the same process: as Amanda's user, or as root.
    public func command(_ arguments: [String], asRoot: Bool = false) throws -> [String] {
        let become = asRoot ? [] : [try RequiredTools.path("runuser"), "-u", Self.user, "--"]
        return [try RequiredTools.path("unshare"), "--mount", "--propagation", "slave", "/bin/sh", "-c"]
            + [Self.script, "\(directory)/empty"] + places.flatMap { [$0.own, $0.machines] } + ["--"] + become
            + arguments
    }

    /// What this machine does not have needs nothing in its place, and what a test has taken away is an empty folder there.
    /// Amanda itself makes `/tmp/amanda` where it is missing.
    private static let script = """
        set -e
        mkdir -p /tmp/amanda
        while [ "$1" != -- ]; do
            own=$1
            [ -e "$own" ] || own=$0
            if [ -e "$2" ]; then mount --bind "$own" "$2"; fi
            shift 2
        done
        shift
        exec "$@"
        """

    private static let hosts = "localhost backup\nlocalhost root amindexd amidxtaped\n"

    private static let security = ["runtar", "amgtar"].flatMap { program in
        ["/bin/tar", "/usr/bin/tar"].map { "\(program):gnutar_path=\($0)\n" }
    }.joined()
}
