// SPDX-License-Identifier: Apache-2.0

/// What GNU tar's options do to a dump, by their long names: which are taken from COMMAND-OPTIONS, and why the others are not.
///
/// tar runs as root and `amanda.conf` belongs to the dumpuser: nothing runs a program or writes a file, whatever stock amgtar would pass on.
/// The rest is refused only where the dump, its index, its increments or its restore would not be what amfleet says of them.
/// Source: `tar --help` of GNU tar 1.34 and the manual's index of options of 1.35; each row that is taken was dumped and restored.
struct TarOptionTable {
    /// Whether an option has a value: `--name=VALUE` or `--name VALUE`.
    enum Value: Sendable { case none, required, optional }

    /// What becomes of an option.
    enum Effect: Sendable, Equatable {
        /// Goes to tar as it stands.
        case passed
        /// One of these values; then as `passed`.
        case passedAs([String])
        /// A file that tar reads, by an absolute path: the agent's own directory is none to build on.
        case passedFile
        /// Says what a property says, and counts as that.
        case property(TarOptions.Switch, Bool)
        /// Concerns reading or unpacking an archive, or is so anyway: nothing changes, and nothing is passed on.
        case idle
        /// The reason, and what to do instead.
        case refused(String, hint: String?)
    }

    struct Row: Sendable {
        let names: [String]
        let value: Value
        let effect: Effect
    }

    /// The one that a long name stands for; tar's own abbreviations are not taken.
    static func row(_ name: String) -> Row? { rowsByName[name] }

    /// Long name of a letter.
    static func name(ofLetter letter: Character) -> String? { letters[letter] }

    static var names: [String] { rows.flatMap(\.names) }

    private static let rowsByName = Dictionary(
        rows.flatMap { row in row.names.map { ($0, row) } }, uniquingKeysWith: { first, _ in first })

    private static let rows =
        selection + attributes + contents + programs + archive + memberNames + messages + idle

    private static func rows(
        _ names: String, _ value: Value = .none, _ effect: Effect = .passed
    ) -> [Row] {
        names.split(separator: " ").map { Row(names: [String($0)], value: value, effect: effect) }
    }

    private static func refused(
        _ names: String, _ value: Value = .none, _ reason: String, hint: String? = nil
    ) -> [Row] { rows(names, value, .refused(reason, hint: hint)) }

    /// Which names are dumped: fewer, and the same in the level's snapshot.
    private static let selection =
        rows(
            "exclude exclude-tag exclude-tag-all exclude-tag-under exclude-ignore exclude-ignore-recursive",
            .required)
        + rows("exclude-from", .required, .passedFile)
        + rows(
            "exclude-backups exclude-caches exclude-caches-all exclude-caches-under exclude-vcs exclude-vcs-ignores"
        )
        + rows("anchored no-anchored ignore-case no-ignore-case wildcards no-wildcards")
        + rows("wildcards-match-slash no-wildcards-match-slash")
        + rows("one-file-system", .none, .property(.oneFileSystem, true))
        + rows("check-device", .none, .property(.checkDevice, true))
        + rows("no-check-device", .none, .property(.checkDevice, false))
        + rows("sort", .required, .passedAs(["none", "name", "inode"]))
        + refused(
            "no-recursion", .none, "nothing below the disk's directory would be dumped",
            hint: "remove it; 'exclude' of the dumptype leaves directories out.")
        + refused(
            "files-from add-file", .required, "what is dumped of a disk is what the dumptype says",
            hint: "write it as 'include' of the dumptype.")
        + refused(
            "null verbatim-files-from", .none, "tar would misread the list of what the dumptype includes",
            hint: "remove it.")
        + refused(
            "directory", .required, "tar would read another directory than the disk's",
            hint: "write property \"DIRECTORY\" \"/PATH\".")
        + refused(
            "newer after-date newer-mtime", .required,
            "files older than that would be in no dump, full ones included",
            hint: "remove it: the level of a dump says what is new.")

    /// What is kept of each file beside its bytes.
    private static let attributes =
        rows("acls", .none, .property(.acls, true)) + rows("no-acls", .none, .property(.acls, false))
        + rows("selinux", .none, .property(.selinux, true))
        + rows("no-selinux", .none, .property(.selinux, false))
        + rows("xattrs", .none, .property(.xattrs, true))
        + rows("no-xattrs", .none, .property(.xattrs, false))
        + rows("xattrs-include xattrs-exclude", .required) + rows("numeric-owner")
        + refused(
            "owner group owner-map group-map mode mtime", .required,
            "a restore would bring back other owners, modes or times than the disk had", hint: "remove it.")
        + refused(
            "clamp-mtime", .none, "a restore would bring back other times than the disk had",
            hint: "remove it.")

    /// How a file's bytes get into the archive.
    private static let contents =
        rows("sparse", .none, .property(.sparse, true))
        + rows("hole-detection", .required, .passedAs(["raw", "seek"]))
        + rows("hard-dereference check-links")
        + rows("atime-preserve", .optional, .passedAs(["system"]))
        + refused(
            "dereference", .none,
            "a restore would bring files where the disk had links, from outside of it too",
            hint: "remove it, and make what the links lead to a disk of its own.")
        + refused("remove-files", .none, "it deletes every file that it has dumped", hint: "remove it.")

    /// As root.
    private static let programs =
        refused(
            "to-command rmt-command rsh-command info-script new-volume-script use-compress-program set-mtime-command",
            .required, "it runs a program as root", hint: "remove it; script-tools run as the dumpuser.")
        + refused(
            "checkpoint-action", .required,
            "its actions can run a program as root, or write among tar's messages",
            hint: "remove it; 'amfleet' shows the progress.")

    /// What the stream is.
    private static let archive =
        refused(
            "listed-incremental level", .required,
            "what is new is kept in the snapshot that the agent gives tar",
            hint: "remove it; the property GNUTAR-LISTDIR says where snapshots lie.")
        + refused(
            "incremental", .none, "what is new is kept in the snapshot that the agent gives tar",
            hint: "remove it.")
        + refused(
            "file tape-length volno-file", .required, "tar writes one archive, to the agent, which stores it",
            hint: "remove it; 'tpchanger' says where volumes lie, 'part_size' how large parts are.")
        + refused(
            "multi-volume verify", .none, "tar writes one archive, to the agent, which stores and proves it",
            hint: "remove it.")
        + refused(
            "label", .required, "the archive would begin with a name that is no file's", hint: "remove it.")
        + refused(
            "gzip gunzip ungzip bzip2 xz lzip lzma lzop zstd compress uncompress auto-compress", .none,
            "tar would run a program as root, and the header would not say that the dump is compressed",
            hint: "write it as 'compress' of the dumptype.")
        + refused(
            "blocking-factor record-size", .required, "the agent gives it to tar itself",
            hint: "write property \"TAR-BLOCKSIZE\" \"BLOCKS\".")
        + rows("format", .required, .passedAs(["gnu"]))
        + refused(
            "posix old-archive portability", .none,
            "increments and their restores need tar's own format, gnu",
            hint: "remove it.")
        + refused(
            "pax-option sparse-version", .required,
            "increments and their restores need tar's own format, gnu",
            hint: "remove it.")
        + refused(
            "create append catenate concatenate update delete diff compare list extract get test-label",
            .none,
            "it says what tar is to do, and here that is to dump", hint: "remove it.")
        + refused(
            "interactive confirmation", .none, "tar would wait for answers from a terminal that is not there",
            hint: "remove it.")
        + refused(
            "help usage version show-defaults show-snapshot-field-ranges", .none,
            "tar would print that, and dump nothing", hint: "remove it.")

    /// What files are called in the archive.
    private static let memberNames =
        refused(
            "transform xform", .required, "files would have other names in the archive than on the disk",
            hint: "remove it.")
        + rows("no-unquote", .none, .property(.noUnquote, true))
        + rows("unquote", .none, .property(.noUnquote, false))

    /// What tar prints: the index, the dump's length and what could not be read are taken from it.
    private static let messages =
        rows("warning", .required)
        + refused(
            "quoting-style quote-chars no-quote-chars", .required,
            "the index is made of the names that tar prints",
            hint: "remove it.")
        + refused(
            "verbose", .none,
            "tar prints names already, and the index is made of them; twice is another form",
            hint: "remove it.")
        + refused(
            "index-file", .required,
            "it writes a file as root, and takes from the dump the names for its index",
            hint: "remove it.")
        + rows("block-number ignore-failed-read", .none, .idle) + rows("totals checkpoint", .optional, .idle)

    /// Nothing changes by these.
    private static let idle =
        rows(
            "recursion no-null no-verbatim-files-from absolute-names seek no-seek force-local no-auto-compress full-time utc "
                + "show-omitted-dirs show-transformed-names show-stored-names restrict "
                + "keep-directory-symlink keep-newer-files keep-old-files no-overwrite-dir overwrite overwrite-dir recursive-unlink "
                + "skip-old-files unlink-first ignore-command-error no-ignore-command-error to-stdout delay-directory-restore "
                + "no-delay-directory-restore touch no-same-owner no-same-permissions preserve-permissions same-permissions "
                + "same-owner preserve-order same-order read-full-records ignore-zeros", .none, .idle)
        + rows("one-top-level occurrence backup", .optional, .idle)
        + rows("strip-components starting-file suffix", .required, .idle)

    private static let letters: [Character: String] = [
        "A": "catenate", "c": "create", "d": "diff", "r": "append", "t": "list", "u": "update",
        "x": "extract",
        "g": "listed-incremental", "G": "incremental", "n": "seek", "S": "sparse", "C": "directory",
        "T": "files-from", "X": "exclude-from", "k": "keep-old-files", "U": "unlink-first", "W": "verify",
        "O": "to-stdout", "m": "touch", "p": "preserve-permissions", "s": "preserve-order", "f": "file",
        "F": "info-script", "L": "tape-length", "M": "multi-volume", "b": "blocking-factor",
        "B": "read-full-records", "i": "ignore-zeros", "H": "format", "V": "label", "a": "auto-compress",
        "I": "use-compress-program", "j": "bzip2", "J": "xz", "z": "gzip", "Z": "compress",
        "h": "dereference",
        "K": "starting-file", "N": "newer", "P": "absolute-names", "l": "check-links", "R": "block-number",
        "v": "verbose", "w": "interactive", "o": "old-archive",
    ]
}
