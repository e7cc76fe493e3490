// SPDX-License-Identifier: Apache-2.0

/// A configuration with faults, and exactly what is to be said of them.
struct BrokenConfiguration: Sendable, CustomStringConvertible {
    /// What is wrong at one line.
    struct Expected: Sendable, Hashable {
        var file: String
        var line: Int
        var facts: String
        var hint: String?
    }

    /// What stock Amanda does with it.
    enum Stock: Sendable, Hashable {
        case refuses
        /// It takes it, and what comes of that.
        case takes(String)
    }

    var description: String
    /// By name; without an `amanda.conf` a sound one stands there.
    var files: [String: String]
    var expected: [Expected]
    var stock = Stock.refuses

    init(_ description: String, _ files: [String: String], _ expected: [Expected], _ stock: Stock = .refuses)
    {
        self.description = description
        self.files = [
            "amanda.conf": "define dumptype normal {\n comment \"x\"\n}\n",
            "disklist": "localhost /x normal\n",
        ].merging(files) { $1 }
        self.expected = expected
        self.stock = stock
    }

    /// An `amanda.conf` alone.
    init(_ description: String, _ text: String, _ expected: [Expected], _ stock: Stock = .refuses) {
        self.init(description, ["amanda.conf": text, "disklist": ""], expected, stock)
    }

    static let all = braces + names + values + files + disklists
}

extension BrokenConfiguration.Expected {
    /// At a line of `amanda.conf`.
    static func conf(_ line: Int, _ facts: String, _ hint: String? = nil) -> Self {
        Self(file: "amanda.conf", line: line, facts: facts, hint: hint)
    }

    /// At a line of the disklist.
    static func list(_ line: Int, _ facts: String, _ hint: String? = nil) -> Self {
        Self(file: "disklist", line: line, facts: facts, hint: hint)
    }

    static func unclosed(
        _ line: Int, _ title: String, before next: Int? = nil, in file: String = "amanda.conf"
    )
        -> Self
    {
        let place = next.map { " before line \($0), where something else begins" } ?? ""
        return Self(
            file: file, line: line, facts: "the '{' that opens \(title) is never closed\(place)",
            hint: "put a '}' on a line of its own after its last parameter.")
    }

    static func entryUnclosed(_ line: Int, before next: Int? = nil) -> Self {
        let place = next.map { " before line \($0), where something else begins" } ?? ""
        return .list(
            line, "the '{' of this entry is never closed\(place)", "put a '}' on a line of its own.")
    }
}

extension BrokenConfiguration {
    private static let braces: [BrokenConfiguration] = [
        .init(
            "a changer that lost its brace, and what it hides",
            """
            define changer c {
             tpchanger "chg-multi:s3:b/p-{1..3}"
            tapetype S3
            holdingdisk hd1 {
             directory "/h"
            }
            define tapetype S3 {
             length 1 gb
            }
            """, [.unclosed(1, "changer 'c'", before: 3)]),
        .init(
            "three blocks that are not closed",
            """
            define changer c {
             tpchanger "chg-multi:s3:b/p-{1..3}"
            define tapetype S3 {
             length 1 gb
            tapetype S3
            define dumptype d {
             index yes

            """,
            [
                .unclosed(1, "changer 'c'", before: 3), .unclosed(3, "tapetype 'S3'", before: 5),
                .unclosed(6, "dumptype 'd'"),
            ]),
        .init(
            "a brace lost before an include file",
            [
                "amanda.conf": """
                define dumptype d {
                 index yes
                includefile "more"
                tapetype S3

                """,
                "more": "define tapetype S3 {\n length 1 gb\n", "disklist": "localhost /x d\n",
            ],
            [
                .unclosed(1, "dumptype 'd'", before: 3),
                .unclosed(1, "tapetype 'S3'", in: "more"),
            ]),
        .init(
            "a storage that lost its brace and swallows what follows",
            """
            define storage s {
             tpchanger "c"
            labelstr MATCH-AUTOLABEL
            autolabel "x-%%%" any
            storage s
            define changer c {
             tpchanger "chg-multi:s3:b/p-{1..3}"
            }
            """, [.unclosed(1, "storage 's'", before: 5)]),
        .init(
            "an application within a dumptype that lost its brace",
            """
            define dumptype d {
             application {
              plugin "amgtar"
             index yes
            }
            define dumptype e {
             d
            }
            """, [.unclosed(2, "application 'custom(DUMPTYPE:d).1'", before: 4)]),
        .init(
            "a brace that closes nothing",
            "org \"x\"\n}\ntapecycle 3\n", [.conf(2, "this '}' closes nothing")]),
        .init(
            "a brace too early",
            "define dumptype d {\n index yes\n}\n compress none\n}\norg \"x\"\n",
            [.conf(3, "this '}' closes dumptype 'd' before its last parameter", "remove it.")]),
        .init(
            "an opening brace that is not there",
            "define dumptype d\n index yes\n compress none\n}\ndefine dumptype e {\n d\n}\n",
            [.conf(1, "'define dumptype d' must end with '{'")]),
        .init(
            "an opening brace on a line of its own",
            "define tapetype S3\n{\n length 1 gb\n}\ntapetype S3\n",
            [.conf(1, "the '{' must stand at the end of this line, not on the next")]),
        .init(
            "all on one line",
            "define tapetype S3 { length 1 gb }\ntapetype S3\n",
            [.conf(1, "the '{' must end its line", "begin a new line after it.")]),
        .init(
            "a parameter behind the brace",
            "define dumptype d { index no\n record no\n}\ndefine dumptype e {\n d\n}\n",
            [.conf(1, "the '{' must end its line", "begin a new line after it.")]),
        .init(
            "a closing brace behind a parameter",
            "define dumptype d {\n index no }\ndefine dumptype e {\n d\n}\n",
            [.conf(2, "the '}' must stand on a line of its own")]),
        .init(
            "a definition on the line of a closing brace",
            "define dumptype d {\n index no\n} define dumptype e {\n d\n}\ndefine dumptype f {\n e\n}\n",
            [.conf(3, "nothing may follow the '}' on its line")]),
        .init(
            "a definition within another",
            "define dumptype d {\n define script-tool s {\n  plugin \"p\"\n }\n script \"s\"\n}\norg \"x\"\n",
            [.conf(2, "a definition cannot stand in dumptype 'd'", "move it out of the braces.")]),
        .init(
            "a holding disk within a definition",
            "define tapetype S3 {\n length 1 gb\nholdingdisk hd {\n directory \"/h\"\n}\n}\n",
            [.conf(3, "a definition cannot stand in tapetype 'S3'", "move it out of the braces.")]),
        .init(
            "an application without its brace",
            "define dumptype d {\n application\n  plugin \"amgtar\"\n }\n index yes\n}\n",
            [.conf(2, "'application' must end with '{', or with a name")]),
        .init(
            "neither brace",
            "define tapetype S3\n length 1 gb\n lenght 1 gb\ntapetype S3\ndefine dumptype d {\n}\n",
            [
                .conf(1, "'define tapetype S3' must end with '{'"),
                .unclosed(1, "tapetype 'S3'", before: 4),
                .conf(3, "unknown parameter 'lenght' in tapetype 'S3'", "write 'length'."),
            ]),
        .init(
            "an include within braces",
            "define dumptype d {\n includefile \"more\"\n index yes\n}\ntapetype S3\n",
            [.conf(2, "'includefile' cannot stand in dumptype 'd'", "move it out of the braces.")]),
        .init(
            "a global parameter within braces",
            "define dumptype d {\n index yes\n logdir \"x\"\n record no\n}\norgg \"x\"\n",
            [
                .conf(
                    3, "'logdir' is a global parameter and cannot stand in dumptype 'd'",
                    "move it out of the braces, or close them before it."),
                .conf(6, "unknown keyword 'orgg'", "write 'org'."),
            ]),
    ]

    private static let names: [BrokenConfiguration] = [
        .init(
            "a kind that is misspelt, and a fault in its braces",
            "tapetype \"S3\"\ndefine taptype S3 {\n length 1 gb\n lenght 2 gb\n}\n",
            [
                .conf(2, "'define' must name what it defines, found 'taptype'", "write 'define tapetype'."),
                .conf(4, "unknown parameter 'lenght' in tapetype 'S3'", "write 'length'."),
            ]),
        .init(
            "a kind that nobody knows",
            "tapetype S3\ndefine zebra S3 {\n length 1 gb\n}\norgg \"x\"\n",
            [
                .conf(2, "'define' must name what it defines, found 'zebra'"),
                .conf(5, "unknown keyword 'orgg'", "write 'org'."),
            ]),
        .init(
            "a kind that nobody knows, not closed",
            "define zebra z {\n stripes 1\ndefine dumptype d {\n index yes\n}\n",
            [
                .conf(1, "'define' must name what it defines, found 'zebra'"),
                .conf(
                    1, "the '{' of this line is never closed before line 3, where something else begins",
                    "put a '}' on a line of its own after its last parameter."),
            ]),
        .init(
            "a definition without define",
            "tapetype S3\ntapetype S3 {\n length 1 gb\n}\ndumptype d {\n index yes\n}\n",
            [
                .conf(2, "'tapetype' with a '{' must begin with 'define'", "write 'define tapetype'."),
                .conf(5, "unknown keyword 'dumptype'", "write 'define dumptype'."),
            ]),
        .init(
            "a misspelt definition without define",
            "holdngdisk hd {\n directory \"/h\"\n}\ndumptyp d {\n index yes\n}\ndefine dumptype e {\n d\n}\n",
            [
                .conf(1, "unknown keyword 'holdngdisk'", "write 'holdingdisk'."),
                .conf(4, "unknown keyword 'dumptyp'", "write 'define dumptype'."),
            ]),
        .init(
            "a name with a blank",
            "tapetype S3\ndefine tapetype S 3 {\n length 1 gb\n}\n",
            [
                .conf(
                    2, "the name after 'define tapetype' holds a blank, which Amanda does not allow",
                    "write define tapetype S3 {.")
            ]),
        .init(
            "a name in quotes with a blank",
            "tapetype \"S 3\"\ndefine tapetype \"S 3\" {\n length 1 gb\n lenght 1 gb\n}\n",
            [
                .conf(
                    2, "the name 'S 3' must hold neither blanks nor double quotes",
                    "write define tapetype S3 {."),
                .conf(4, "unknown parameter 'lenght' in tapetype 'S3'", "write 'length'."),
            ]),
        .init(
            "no name",
            "define tapetype {\n lenght 1 gb\n}\n",
            [
                .conf(1, "'define tapetype' must be followed by a name, found '{'"),
                .conf(2, "unknown parameter 'lenght' in tapetype ''", "write 'length'."),
            ]),
        .init(
            "a dumptype that inherits from a faulty one",
            "define dumptype a {\n indx yes\n}\ndefine dumptype b {\n a\n compres none\n}\ndefine dumptype c {\n b\n}\n",
            [
                .conf(2, "unknown parameter 'indx' in dumptype 'a'", "write 'index'."),
                .conf(6, "unknown parameter 'compres' in dumptype 'b'", "write 'compress'."),
            ]),
        .init(
            "two references to a definition whose first line is broken",
            "define application-tool app\n\ndefine dumptype d {\n application \"app\"\n script \"nope\"\n}\n",
            [
                .conf(1, "'define application app' must end with '{'"),
                .conf(5, "unknown script 'nope'"),
            ]),
        .init(
            "two names that are not defined",
            "tapetype S4\nstorage st\ndefine tapetype S3 {\n length 1 gb\n}\n",
            [
                .conf(1, "tapetype 'S4' is not defined", "write 'S3'."),
                .conf(2, "storage 'st' is not defined", "define it: define storage st { … }."),
            ]),
        .init(
            "a definition that stands twice, and another fault in the second",
            "define dumptype a {\n}\ndefine dumptype A {\n indx yes\n}\n",
            [
                .conf(
                    3, "dumptype 'A' is defined already at amanda.conf:1",
                    "give it another name, or remove one of the two."),
                .conf(4, "unknown parameter 'indx' in dumptype 'A'", "write 'index'."),
            ]),
        .init(
            "a name that is used above its definition",
            "define dumptype b {\n a\n}\ndefine dumptype a {\n index yes\n}\n",
            [
                .conf(
                    2, "'a' in dumptype 'b' is neither a parameter nor a dumptype defined above",
                    "'a' is defined only at amanda.conf:4: move it above.")
            ]),
        .init(
            "a nested definition that is misspelt, and a fault in it",
            "define dumptype d {\n aplication {\n  plugn \"amgtar\"\n }\n index yes\n}\n",
            [
                .conf(2, "unknown parameter 'aplication' in dumptype 'd'", "write 'application'."),
                .conf(
                    3, "unknown parameter 'plugn' in application 'custom(DUMPTYPE:d).1'", "write 'plugin'."),
            ]),
    ]

    private static let values: [BrokenConfiguration] = [
        .init(
            "a quote that is missing, and a fault below",
            "labelstr \"^a b$\ntapecycle 0\n",
            [
                .conf(1, "a string is not closed on its line", "end it with a double quote."),
                .conf(2, "'tapecycle' must be at least 1, found 0"),
            ]),
        .init(
            "a quote that is missing before a brace",
            "tapetype S3\ndefine tapetype \"S3 {\n length 1 gb\n}\n",
            [.conf(2, "a string is not closed on its line", "end it with a double quote.")]),
        .init(
            "a quote that is missing around an include",
            "includefile \"more # all of it\ntapetype S3\n",
            [.conf(1, "a string is not closed on its line", "end it with a double quote.")]),
        .init(
            "a quote that is missing around an inherited name",
            "define dumptype a {\n}\ndefine dumptype b {\n \"a\n \"zebra\n}\n",
            [
                .conf(4, "a string is not closed on its line", "end it with a double quote."),
                .conf(5, "a string is not closed on its line", "end it with a double quote."),
            ]),
        .init(
            "an autolabel that cannot be read",
            "labelstr MATCH-AUTOLABEL\nautolabel \"a b\"\n",
            [.conf(2, "'autolabel' must hold neither blanks nor double quotes")]),
        .init(
            "an autolabel that is misspelt",
            "labelstr MATCH-AUTOLABEL\nautolable \"a%%\" any\n",
            [.conf(2, "unknown keyword 'autolable'", "write 'autolabel'.")]),
        .init(
            "two values of a wrong kind",
            "dumpcycle 1 weks\nbumpsize 2 weeks\n",
            [
                .conf(1, "'weks' is no unit of 'dumpcycle'", "write 'weeks'."),
                .conf(2, "'bumpsize' takes a size: kb, mb, gb …, found 'weeks'"),
            ]),
        .init(
            "a unit of another kind",
            "dumpcycle 2 kb\n", [.conf(1, "'dumpcycle' takes days or weeks, found 'kb'")],
            .takes("it multiplies: 2048 days")),
        .init(
            "two properties",
            "define changer c {\n device-property \"S3_SSL\" \"maybe\"\n device-property \"S3_SECRETKEY\" \"x\"\n tpchanger \"chg-multi:s3:b/p-1\"\n}\ntpchanger \"c\"\n",
            [
                .conf(2, "device property 'S3_SSL' must be YES or NO"),
                .conf(3, "unknown device property 'S3_SECRETKEY'", "write \"S3_SECRET_KEY\"."),
            ], .takes("the device says so when it is opened")),
        .init(
            "braces behind a value",
            "org \"x\" {\n foo 1\n}\ntapecycle 0\n",
            [
                .conf(1, "unexpected '{' after the value of 'org'"),
                .conf(4, "'tapecycle' must be at least 1, found 0"),
            ]),
    ]

    private static let files: [BrokenConfiguration] = [
        .init(
            "an include file that is missing, and what it should define",
            [
                "amanda.conf": "includefile \"gone\"\ntapetype S3\nholdingdisk hd\ntapecycle 0\n",
                "disklist": "localhost /x foo\nlocalhost\n",
            ],
            [
                .conf(1, "cannot read the included file 'gone': no such file"),
                .conf(4, "'tapecycle' must be at least 1, found 0"),
                .list(2, "an entry must be a host, a disk and a dumptype"),
            ]),
        .init(
            "faults in two files, in the order in which they are read",
            [
                "amanda.conf": "orgg \"x\"\nincludefile \"more\"\ntapecycle 0\ntapetype S4\n",
                "more": "tapetype S5\nmaxdumps x\nincludefile \"deep\"\nprinte \"x\"\n", "deep": "zebra 1\n",
                "disklist": "",
            ],
            [
                .conf(1, "unknown keyword 'orgg'", "write 'org'."),
                .init(file: "more", line: 2, facts: "'maxdumps' must be a whole number, found 'x'"),
                .init(file: "deep", line: 1, facts: "unknown keyword 'zebra'"),
                .init(file: "more", line: 4, facts: "unknown keyword 'printe'", hint: "write 'printer'."),
                .conf(3, "'tapecycle' must be at least 1, found 0"),
                .conf(4, "tapetype 'S4' is not defined", "define it: define tapetype S4 { … }."),
            ]),
        .init(
            "an include that is misspelt",
            "includfile \"more\"\ntapetype S3\n",
            [.conf(1, "unknown keyword 'includfile'", "write 'includefile'.")]),
        .init(
            "an include without quotes",
            "includefile more\ntapetype S3\n",
            [.conf(1, "'includefile' must be one file name in double quotes")]),
        .init(
            "faults of both files at once",
            [
                "amanda.conf": "orgg \"x\"\ndefine dumptype d {\n indx yes\n program \"APPLICATION\"\n}\n",
                "disklist": "localhost /a d\nlocalhost /b e\nlocalhost /a d\n",
            ],
            [
                .conf(1, "unknown keyword 'orgg'", "write 'org'."),
                .conf(3, "unknown parameter 'indx' in dumptype 'd'", "write 'index'."),
                .list(2, "unknown dumptype 'e'", "write 'd'."),
                .list(
                    3, "localhost /a stands twice, first at disklist:1",
                    "remove one, or give it a disk name of its own and the directory as device."),
            ]),
    ]

    private static let disklists: [BrokenConfiguration] = [
        .init(
            "a script and a changer that are faulty, and a disk that needs them",
            [
                "amanda.conf": """
                define script-tool s {
                 plugn "p"
                }
                define dumptype d {
                 program "GNUTAR"
                 script "s"
                }
                define changer c {
                 tpchngr "chg-multi:s3:b/p-1"
                }
                tpchanger "c"

                """, "disklist": "localhost /a d\n",
            ],
            [
                .conf(2, "unknown parameter 'plugn' in script 's'", "write 'plugin'."),
                .conf(9, "unknown parameter 'tpchngr' in changer 'c'", "write 'tpchanger'."),
            ]),
        .init(
            "every line of a disklist",
            ["disklist": "localhost /a nromal\nlocalhost\nlocalhost /c normal one\nlocalhost \"/d normal\n"],
            [
                .list(1, "unknown dumptype 'nromal'", "write 'normal'."),
                .list(2, "an entry must be a host, a disk and a dumptype"),
                .list(3, "the spindle must be a whole number, found 'one'"),
                .list(4, "a double quote is not closed on its line"),
            ]),
        .init(
            "two faults of one entry",
            ["disklist": "localhost /a normal one locl\n"],
            [
                .list(1, "the spindle must be a whole number, found 'one'"),
                .list(1, "unknown interface 'locl'"),
            ]),
        .init(
            "two entries whose braces are not closed",
            [
                "disklist":
                    "localhost /a {\n normal\n compres none\nlocalhost /b normal\nlocalhost /c {\n normal\nlocalhost /d normal\n"
            ],
            [
                .entryUnclosed(1, before: 4),
                .list(
                    3, "unknown parameter 'compres' in dumptype 'custom(localhost:_a).1'",
                    "write 'compress'."),
                .entryUnclosed(5, before: 7),
            ]),
        .init(
            "a brace too early, and one that closes nothing",
            ["disklist": "localhost /a {\n normal\n}\n index no\n}\nlocalhost /b normal\n}\n"],
            [
                .list(3, "this '}' closes the entry before its last parameter", "remove it."),
                .list(7, "this '}' closes nothing"),
            ]),
        .init(
            "an entry on one line",
            ["disklist": "localhost /a { normal }\nlocalhost /b nromal\n"],
            [
                .list(1, "the '{' must end its line"),
                .list(2, "unknown dumptype 'nromal'", "write 'normal'."),
            ]),
        .init(
            "a quote that is missing before a brace of a disklist",
            ["disklist": "localhost \"/a {\n normal\n index no\n}\nlocalhost /b nromal\n"],
            [
                .list(1, "a double quote is not closed on its line"),
                .list(5, "unknown dumptype 'nromal'", "write 'normal'."),
            ]),
        .init(
            "names that are one to Amanda",
            ["disklist": "localhost /a/b normal\nlocalhost /a_b normal\nLocalhost /c normal\n"],
            [
                .list(
                    2, "disk '/a_b' and disk '/a/b' at disklist:1 have the same name in the catalog",
                    "give one of them another disk name."),
                .list(
                    3, "host 'Localhost' is written 'localhost' at disklist:1",
                    "write it the same way everywhere."),
            ]),
        .init(
            "a misspelt name and a disk that stands twice",
            ["disklist": "localhost /a nromal\nlocalhost /a normal\n"],
            [
                .list(1, "unknown dumptype 'nromal'", "write 'normal'."),
                .list(
                    2, "localhost /a stands twice, first at disklist:1",
                    "remove one, or give it a disk name of its own and the directory as device."),
            ]),
        .init(
            "a dumptype without its application, used twice",
            [
                "amanda.conf": "define dumptype d {\n program \"APPLICATION\"\n}\n",
                "disklist": "localhost /a d\nlocalhost /b d\n",
            ],
            [
                .list(
                    1, "dumptype 'd' has program \"APPLICATION\" but no application",
                    "write application \"NAME\" at amanda.conf:1.")
            ]),
        .init(
            "an include file of a disklist that is missing",
            ["disklist": "includefile \"gone\"\nlocalhost /a nromal\n"],
            [
                .list(1, "cannot read the included file 'gone': no such file"),
                .list(2, "unknown dumptype 'nromal'", "write 'normal'."),
            ]),
        .init(
            "dumptypes whose definitions are broken",
            [
                "amanda.conf":
                    "define dumtype a {\n index yes\n}\ndefine zebra b {\n}\ndefine dumptype c\n\ndefine dumptype d {\n index yes\n",
                "disklist":
                    "localhost /a a\nlocalhost /b b\nlocalhost /c c\nlocalhost /d d\nlocalhost /e {\n d\n}\nlocalhost /f zz\n",
            ],
            [
                .conf(1, "'define' must name what it defines, found 'dumtype'", "write 'define dumptype'."),
                .conf(4, "'define' must name what it defines, found 'zebra'"),
                .conf(6, "'define dumptype c' must end with '{'"), .unclosed(8, "dumptype 'd'"),
                .list(8, "unknown dumptype 'zz'"),
            ]),
    ]
}
