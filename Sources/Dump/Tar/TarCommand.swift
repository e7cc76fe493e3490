// SPDX-License-Identifier: Apache-2.0

/// GNU tar's argument vectors (without `argv[0]`), in amgtar's order.
///
/// Source: Amanda 3.5.1 `application-src/amgtar.c`, `amgtar_build_argv`. Otherwise on purpose: records of 64 KiB, since
/// they are faster; every extended attribute on the way back, since capabilities are lost without; and no `-G` for a full
/// dump, since it would delete what else lies in the target (Docs/DECISIONS.md, 26).
enum TarCommand {
    /// An archive of `directory` on standard output, its listing and messages on standard error.
    static func create(
        _ options: TarOptions, directory: String, snapshot: String, excludeFile: String?, includeFile: String?
    ) -> [String] {
        ["--create", "--verbose", "--block-number", "--file", "-"]
            + selection(options, directory, snapshot, excludeFile, includeFile)
    }

    /// The same, of which only the length is wanted.
    static func estimate(
        _ options: TarOptions, directory: String, snapshot: String, excludeFile: String?, includeFile: String?
    ) -> [String] {
        ["--create", "--file", "/dev/null"]
            + selection(options, directory, snapshot, excludeFile, includeFile)
    }

    private static func selection(
        _ options: TarOptions, _ directory: String, _ snapshot: String, _ excludeFile: String?,
        _ includeFile: String?
    ) -> [String] {
        var arguments: [String] = []
        if options.leavesNamesQuoted { arguments.append("--no-unquote") }
        arguments += ["--directory", directory]
        if options.staysOnOneFileSystem { arguments.append("--one-file-system") }
        if options.preservesAccessTimes { arguments.append("--atime-preserve=system") }
        if !options.checksDevice { arguments.append("--no-check-device") }
        if options.hasACLs { arguments.append("--acls") }
        if options.hasSELinux { arguments.append("--selinux") }
        if options.hasXattrs { arguments.append("--xattrs") }
        arguments += ["--listed-incremental", snapshot]
        if options.isSparse { arguments.append("--sparse") }
        arguments += [
            "--blocking-factor", String(options.blockingFactor), "--ignore-failed-read", "--totals",
        ]
        arguments += options.commandOptions
        if let excludeFile { arguments += ["--exclude-from", excludeFile] }
        return arguments + (includeFile.map { ["--files-from", $0] } ?? ["."])
    }

    /// Unpacks standard input into `directory`. `deletes`: what the archive's directories do not list is removed there.
    ///
    /// - Parameter isByNames: owners are this machine's users of the archive's names, by number only where it has no such user; else by
    ///   number, as amgtar does it.
    static func extract(
        _ options: TarOptions, directory: String, deletes: Bool, ownersByName isByNames: Bool = false
    ) -> [String] {
        var arguments = isByNames ? [] : ["--numeric-owner"]
        if options.hasACLs { arguments.append("--acls") }
        if options.hasSELinux { arguments.append("--selinux") }
        if options.hasXattrs { arguments += ["--xattrs", "--xattrs-include=*"] }
        if options.ignoresZeros { arguments.append("--ignore-zeros") }
        arguments += ["--blocking-factor", String(options.blockingFactor)]
        // `-G` alone would try to remove what is mounted in the target, and fail there.
        if deletes { arguments.append("--one-file-system") }
        return arguments + [deletes ? "-xpGf" : "-xpf", "-", "--directory", directory]
    }
}
