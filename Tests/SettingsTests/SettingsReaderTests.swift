// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Settings

@Suite struct SettingsReaderTests {
    private static let sample = """
        { "format": 1,
          "storage": { "bucket": "backups", "ssl": true, "parts": 8 },
          "data": ["vertica"],
          "wait": "10m",
          "nodes": [ { "name": "node01", "address": "a:1" },
                     { "name": "node02", "address": 7443 } ] }
        """

    private func reader(_ text: String = Self.sample) throws -> SettingsReader {
        try SettingsReader(parsing: text, file: "cluster.json")
    }

    private func text(_ work: () throws -> Void) -> String? {
        #expect(throws: SettingsError.self, performing: work)?.description
    }

    @Test func `reads every kind of field and is satisfied`() throws {
        var settings = try reader()
        try settings.format(1)
        var storage = try settings.object("storage")
        #expect(try storage.string("bucket") == "backups")
        #expect(try storage.optionalString("prefix") == nil)
        #expect(try storage.bool("ssl"))
        #expect(try storage.integer("parts", in: 1...64) == 8)
        try storage.finish()
        #expect(try settings.strings("data") == ["vertica"])
        #expect(try settings.duration("wait") == .seconds(600))
        #expect(try settings.array("nodes").count == 2)
        #expect(settings.keys == ["format", "storage", "data", "wait", "nodes"])
        try settings.finish()
    }

    @Test func `names the path of a wrong type, what was expected and what was found`() {
        let error = text {
            var settings = try reader()
            for var node in try settings.array("nodes") {
                _ = try node.string("name")
                _ = try node.string("address")
            }
        }
        #expect(
            error == "cluster.json:6:45: 'nodes[1].address' must be a string, found the number 7443")
    }

    @Test(arguments: [
        ("{\"a\": null}", "cluster.json:1:7: 'a' must be true or false, found null"),
        ("{\"a\": \"yes\"}", "cluster.json:1:7: 'a' must be true or false, found a string"),
        ("{\"a\": [true]}", "cluster.json:1:7: 'a' must be true or false, found an array"),
        ("[]", "cluster.json:1:1: the file must be an object, found an array"),
    ])
    func `never takes one kind for another`(json: String, expected: String) {
        #expect(
            text {
                var settings = try reader(json); _ = try settings.bool("a")
            } == expected)
    }

    @Test func `refuses a fraction, and a number out of its range`() {
        #expect(
            text {
                var settings = try reader("{\"a\": 1.5}"); _ = try settings.integer("a")
            }
                == "cluster.json:1:7: 'a' must be a whole number, found the number 1.5")
        #expect(
            text {
                var settings = try reader("{\"a\": 0}"); _ = try settings.integer("a", in: 1...64)
            }
                == "cluster.json:1:7: 'a' must lie between 1 and 64, found 0")
    }

    @Test func `says how a length of time is written`() {
        #expect(
            text {
                var settings = try reader("{\"a\": \"10 min\"}"); _ = try settings.duration("a")
            }
                == """
                cluster.json:1:7: 'a' must be a length of time, found '10 min'
                hint: write a number and one of ms, s, m, h, d: "120s".
                """)
    }

    @Test func `names the element of an array that is of the wrong kind`() {
        #expect(
            text {
                var settings = try reader("{\"data\": [\"a\", 2]}"); _ = try settings.strings("data")
            }
                == "cluster.json:1:16: 'data[1]' must be a string, found the number 2")
    }

    @Test func `names a missing field`() {
        let error = text {
            var settings = try reader("{ \"tls\": {} }")
            var identity = try settings.object("tls")
            _ = try identity.string("authority")
        }
        #expect(error == "cluster.json:1:10: 'tls.authority' is missing")
    }

    @Test func `points from a missing field to the misspelt key beside it`() {
        #expect(
            text {
                var settings = try reader("{ \"bukcet\": \"a\" }"); _ = try settings.string("bucket")
            }
                == """
                cluster.json:1:1: 'bucket' is missing
                hint: the key 'bukcet' beside it is unknown: write 'bucket' instead.
                """)
    }

    @Test func `lists every unknown key with the nearest known one`() {
        let error = text {
            var settings = try reader("{ \"storage\": {\n \"regoin\": \"a\",\n \"zebra\": 1 } }")
            var storage = try settings.object("storage")
            _ = try storage.optionalString("region")
            try storage.finish()
        }
        #expect(
            error == """
                cluster.json:2:2: unknown key 'storage.regoin'
                hint: write 'region' for 'regoin'.
                cluster.json:3:2: unknown key 'storage.zebra'
                hint: remove it.
                """)
    }

    @Test func `lets the caller refuse a value at its place`() throws {
        var settings = try reader()
        let nodes = try settings.array("nodes")
        #expect(
            nodes[1].badValue("name", "is used twice", hint: "rename one.").description == """
                cluster.json:6:24: 'nodes[1].name' is used twice
                hint: rename one.
                """)
    }

    @Test func `refuses a file of another format`() {
        #expect(
            text {
                var settings = try reader("{\"format\": 2}"); try settings.format(1)
            } == """
                cluster.json:1:12: 'format' is 2, but this version reads 1
                hint: use the version of amfleet that wrote this file, or a newer one.
                """)
    }
}
