// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AmandaFormat

@Suite struct ConfigFaultTests {
    @Test func `the reference configuration is refused for both of its mistakes at once`() throws {
        let bytes = try amandaFixture("Config/reference.conf")
        let text = faultText {
            _ = try AmandaConfiguration(parsing: bytes, file: "/etc/amanda/test/amanda.conf") { _ in [] }
        }
        #expect(
            text == """
                amanda.conf:40: unknown device property 'NB_THREADDS_BACKUP'
                hint: write "NB_THREADS_BACKUP".
                amanda.conf:47: the name after 'holdingdisk' holds a blank, which Amanda does not allow
                hint: write holdingdisk hd1 {.
                """)
    }

    @Test func `a brace that is never closed is reported where it was opened`() {
        #expect(
            faults("define dumptype a {\n  index yes\n\ndefine tapetype S3 {\n  length 1 gb\n}\norg \"x\"\n")
                == """
                amanda.conf:1: the '{' that opens dumptype 'a' is never closed before line 4, where something else begins
                hint: put a '}' on a line of its own after its last parameter.
                """)
        #expect(
            faults("define changer c {\n  tpchanger \"x\"\ninfofile \"a\"\nlogdir \"b\"\n") == """
                amanda.conf:1: the '{' that opens changer 'c' is never closed before line 3, where something else begins
                hint: put a '}' on a line of its own after its last parameter.
                """)
        #expect(
            faults("org \"x\"\nholdingdisk hd1 {\n  use 1 gb\n") == """
                amanda.conf:2: the '{' that opens holdingdisk 'hd1' is never closed
                hint: put a '}' on a line of its own after its last parameter.
                """)
    }

    @Test(arguments: [
        ("labelst \"x\"", "amanda.conf:1: unknown keyword 'labelst'\nhint: write 'labelstr'."),
        ("BUMP_DAYS 4", "amanda.conf:1: unknown keyword 'BUMP_DAYS'\nhint: write 'bumpdays'."),
        (
            "compress client fast",
            "amanda.conf:1: unknown keyword 'compress'\nhint: it belongs between the braces of a dumptype."
        ),
        ("zebra 1", "amanda.conf:1: unknown keyword 'zebra'"),
        (
            "tapetypes S3 {\n length 1\n}",
            "amanda.conf:1: unknown keyword 'tapetypes'\nhint: write 'define tapetype'."
        ),
        (
            "dumptype a {\n index\n}",
            "amanda.conf:1: unknown keyword 'dumptype'\nhint: write 'define dumptype'."
        ),
        (
            "define dumtype a {\n index\n}",
            "amanda.conf:1: 'define' must name what it defines, found 'dumtype'\nhint: write 'define dumptype'."
        ),
        ("}", "amanda.conf:1: this '}' closes nothing"),
        ("\"x\"", "amanda.conf:1: a line must begin with a keyword, found a string"),
        ("org \"a", "amanda.conf:1: a string is not closed on its line\nhint: end it with a double quote."),
    ])
    func `an unknown keyword is named with the nearest known one`(text: String, expected: String) {
        #expect(faults(text + "\n") == expected)
    }

    @Test(arguments: [
        ("org foo", "'org' must be a string in double quotes, found 'foo'\nhint: write \"foo\"."),
        ("org", "'org' must be a string in double quotes, found the end of the line"),
        ("org \"a\" \"b\"", "unexpected a string after the value of 'org'"),
        ("dumpcycle 1 weks", "'weks' is no unit of 'dumpcycle'\nhint: write 'weeks'."),
        ("dumpcycle 2 kb", "'dumpcycle' takes days or weeks, found 'kb'"),
        ("bumpsize 2 weeks", "'bumpsize' takes a size: kb, mb, gb …, found 'weeks'"),
        ("inparallel 2 tapes", "'inparallel' takes a number without unit, found 'tapes'"),
        ("maxdumpsize 1.5 gb", "'maxdumpsize' must be a whole number, found the number 1.5"),
        ("bumppercent 20%", "unexpected '%' after the value of 'bumppercent'"),
        ("bumppercent 101", "'bumppercent' must be between 0 and 100, found 101"),
        ("tapecycle 0", "'tapecycle' must be at least 1, found 0"),
        ("dumpcycle 99999999999", "'dumpcycle' must be at least 0, found 99999999999"),
        ("maxdumpsize 99999999999999999999", "'maxdumpsize' is beyond 64 bits"),
        ("maxdumpsize 9999999999999999 tb", "'maxdumpsize' is beyond 64 bits"),
        ("bumpmult 0.5", "'bumpmult' must be at least 1.0, found 0.5"),
        ("compress-index perhaps", "'compress-index' must be yes or no, found 'perhaps'"),
        (
            "taperalgo largst",
            "'taperalgo' must be first, firstfit, largest, largestfit, smallest or last, found 'largst'\n"
                + "hint: write 'largest'."
        ),
        ("displayunit \"x\"", "'displayunit' must be \"k\", \"m\", \"g\" or \"t\", found \"x\""),
        ("autolabel \"a b\"", "'autolabel' must hold neither blanks nor double quotes"),
        ("labelstr MATCH-AUTOLABEL", "'labelstr MATCH-AUTOLABEL' needs an 'autolabel' to match"),
        (
            "reserved-tcp-port 10 20",
            "'reserved-tcp-port' must be two numbers between 1 and 1023, the smaller first, with a comma, found the number 20"
        ),
        ("tapetype S4", "tapetype 'S4' is not defined\nhint: define it: define tapetype S4 { … }."),
        (
            "holdingdisk hd1",
            "holdingdisk 'hd1' is not defined\nhint: define it: define holdingdisk hd1 { … }."
        ),
        ("includefile \"x\"", "cannot read the included file 'x': no such file"),
    ])
    func `a value of a wrong kind is refused at its line`(line: String, expected: String) {
        #expect(faults("\n\(line)\n") == "amanda.conf:2: \(expected)")
    }

    @Test(arguments: [
        (
            "compress fsat",
            "'compress' must be none, or client or server with fast, best or custom, found 'fsat'\nhint: write 'fast'."
        ),
        (
            "compress client server",
            "'compress' must be none, or client or server with fast, best or custom, and not two of them"
        ),
        ("indx yes", "unknown parameter 'indx' in dumptype 'd'\nhint: write 'index'."),
        (
            "nromal",
            "'nromal' in dumptype 'd' is neither a parameter nor a dumptype defined above\nhint: write 'normal'."
        ),
        (
            "later",
            "'later' in dumptype 'd' is neither a parameter nor a dumptype defined above\nhint: 'later' is defined only at amanda.conf:8: move it above."
        ),
        ("application \"app\"", "unknown application 'app'\nhint: write 'app1'."),
        (
            "application app1",
            "'application' must be a string in double quotes, found 'app1'\nhint: write \"app1\"."
        ),
        (
            "program \"TAR\"",
            "'program' must be \"DUMP\", \"GNUTAR\", \"STAR\" or \"APPLICATION\", found \"TAR\""
        ),
        (
            "strategy full",
            "'strategy' must be standard, nofull, noinc, skip, hanoi or incronly, found 'full'\nhint: write 'nofull'."
        ),
        ("script \"s\"", "unknown script 's'"),
        (
            "logdir \"x\"",
            "'logdir' is a global parameter and cannot stand in dumptype 'd'\nhint: move it out of the braces, or close them before it."
        ),
        ("starttime 2460", "'starttime' must be a time of day as hhmm: 1830, found the number 2460"),
    ])
    func `a fault between braces names the definition`(line: String, expected: String) {
        let text = """
            define application app1 {
            }
            define dumptype normal {
            }
            define dumptype d {
            \(line)
            }
            define dumptype later {
            }

            """
        #expect(faults(text) == "amanda.conf:6: \(expected)")
    }

    @Test(arguments: [
        (
            "\"NB_THREADS_BACKUP\" \"0\"",
            "device property 'NB_THREADS_BACKUP' must be a whole number between 1 and 1000"
        ),
        (
            "\"nb-threads-backup\" \"six\"",
            "device property 'NB_THREADS_BACKUP' must be a whole number between 1 and 1000"
        ),
        ("\"S3_SSL\" \"maybe\"", "device property 'S3_SSL' must be YES or NO"),
        (
            "\"MAX_SEND_SPEED\" \"100\"",
            "device property 'MAX_SEND_SPEED' must be a whole number of at least 5120"
        ),
        (
            "\"S3_SECRETKEY\" \"hush-hush\"",
            "unknown device property 'S3_SECRETKEY'\nhint: write \"S3_SECRET_KEY\"."
        ),
        ("\"S3_SECRET_KEY\" hush-hush", "every value of a property must stand in double quotes"),
        (
            "S3_SECRET_KEY \"hush-hush\"",
            "'device-property' needs a property's name in double quotes, found 'S3_SECRET_KEY'\nhint: write the name in double quotes: \"S3_SECRET_KEY\"."
        ),
        (
            "append priority \"S3_SSL\" \"YES\"",
            "'device-property' needs a property's name in double quotes, found 'priority'\nhint: write the words before the name in the order priority, append, hidden or visible."
        ),
        (
            "\"S3_SECRET_KEY\" \"hush-hush",
            "a string is not closed on its line\nhint: end it with a double quote."
        ),
    ])
    func `a device property's value is checked, and never shown`(line: String, expected: String) {
        let text = faults("define changer c {\n  device-property \(line)\n}\n")
        #expect(text == "amanda.conf:2: \(expected)")
        #expect(text?.contains("hush") == false)
    }

    @Test func `a definition that stands twice is refused with both lines`() {
        #expect(
            faults("define dumptype a {\n}\n\ndefine dumptype A {\n}\n") == """
                amanda.conf:4: dumptype 'A' is defined already at amanda.conf:1
                hint: give it another name, or remove one of the two.
                """)
        #expect(
            faults("define dumptype no-compress {\n}\n") == """
                amanda.conf:1: dumptype 'no-compress' is Amanda's own and cannot be defined again
                hint: give it another name, or remove one of the two.
                """)
    }

    @Test func `braces must stand as Amanda wants them`() {
        #expect(
            faults("define dumptype a { index no }\norg \"x\"\n") == """
                amanda.conf:1: the '{' must end its line
                hint: begin a new line after it.
                """)
        #expect(
            faults("define dumptype a\n{\n index no\n}\n")
                == "amanda.conf:1: the '{' must stand at the end of this line, not on the next")
        #expect(
            faults("define dumptype a {\n index no }\norg \"x\"\n")
                == "amanda.conf:2: the '}' must stand on a line of its own")
        #expect(
            faults("define dumptype a {\n index no\n} x\n")
                == "amanda.conf:3: nothing may follow the '}' on its line")
        #expect(faults("define dumptype a\n") == "amanda.conf:1: 'define dumptype a' must end with '{'")
    }

    @Test func `a file that is something else is told by its first faults`() {
        let text = String(repeating: "zebra 1\n", count: 1_000)
        let error = #expect(throws: ConfigurationError.self) { _ = try configuration(text) }
        #expect(error?.list.count == 201)
        #expect(error?.list.first?.place?.line == 1)
        #expect(error?.list.last?.facts == "800 faults more")
        #expect(error?.list.last?.place?.file == "/etc/amanda/test/amanda.conf")
    }

    @Test func `files that include the next one twice are not read without end`() {
        var count = 0
        func included(_ path: String) -> String {
            count += 1
            let number = path.split(separator: "f").last.flatMap { Int($0) } ?? 0
            return number > 9 ? "" : String(repeating: "includefile \"f\(number + 1)\"\n", count: 2)
        }
        let error = #expect(throws: ConfigurationError.self) {
            _ = try AmandaConfiguration(
                parsing: "includefile \"f0\"\n", file: "/etc/amanda/test/amanda.conf", include: included)
        }
        #expect(count == ConfigurationParser.greatestFileCount - 1)
        #expect(error?.facts == ConfigurationParser.tooManyFiles)
    }

    @Test func `a file that includes itself is refused`() {
        let text = faultText {
            _ = try AmandaConfiguration(parsing: "includefile \"b\"\n", file: "/etc/amanda/test/amanda.conf")
            {
                path -> String in
                path.hasSuffix("/b") ? "includefile \"/etc/amanda/test/amanda.conf\"\n" : ""
            }
        }
        #expect(text == "b:1: 'amanda.conf' includes itself\nhint: remove this line.")
    }

    @Test func `every fault of a file is listed in one error`() {
        #expect(
            faults("orgg \"x\"\ntapecycle x\ndefine dumptype d {\n compres none\n}\n") == """
                amanda.conf:1: unknown keyword 'orgg'
                hint: write 'org'.
                amanda.conf:2: 'tapecycle' must be a whole number, found 'x'
                amanda.conf:4: unknown parameter 'compres' in dumptype 'd'
                hint: write 'compress'.
                """)
    }
}
