// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AgentAPI

@Suite struct WireErrorsTests {
    @Test func `an older agent's single error is taken`() throws {
        let said = #"{"kind":"busy","message":"a job runs","hint":"wait.","runningJob":"x"}"#
        let read = try WireJSON.read(WireErrors.self, from: Array(said.utf8), what: "error")
        #expect(read.errors == [WireError(.busy, "a job runs", hint: "wait.", runningJob: "x")])
    }

    @Test func `an older coordinator reads the first of several`() throws {
        let bytes = try WireJSON.document(WireErrors(faults))
        #expect(try WireJSON.read(WireError.self, from: bytes, what: "error") == faults[0])
        #expect(try WireJSON.read(WireErrors.self, from: bytes, what: "error").errors == faults)
    }

    @Test func `a record keeps one error and all of them in step`() throws {
        let status = ConfigurationStatus(name: "vertica", role: .data).with(faults)
        let read: ConfigurationStatus = try WireJSON.read(from: try WireJSON.document(status), what: "status")
        #expect(read.error == faults[0])
        #expect(read.faults == faults)
        var old = read
        old.errors = nil
        #expect(old.faults == [faults[0]])
        #expect(read.with([]).error == nil)
    }

    @Test func `remarks are text and values, and text alone of an older agent`() throws {
        var status = ConfigurationStatus(name: "vertica", role: .data)
        let remark = Remark(place: FaultPlace(file: "amanda.conf", line: 4), subject: "dumpcycle", "not used")
        status.allRemarks = [remark]
        #expect(status.remarks == ["amanda.conf:4: dumpcycle: not used"])
        var read: ConfigurationStatus = try WireJSON.read(from: try WireJSON.document(status), what: "status")
        #expect(read.allRemarks == [remark])
        read.remarkValues = nil
        #expect(read.allRemarks == [Remark("amanda.conf:4: dumpcycle: not used")])
    }

    @Test func `a fault with a place has it in its message once`() throws {
        let place = FaultPlace(file: "agent.json", line: 2, column: 5)
        struct Missing: Fault {
            let kind = FaultKind.configuration
            let place: FaultPlace?
            let facts = "a comma is missing"
        }
        let error = WireError(of: Missing(place: place), node: "node01")
        #expect(error.message == "agent.json:2:5: a comma is missing")
        #expect(error.place == place)
        #expect(error.kind == .configuration)
        #expect(error.description == "node01: agent.json:2:5: a comma is missing")
        #expect(WireError(of: error, node: "node02") == error)
        let nested = error.within(configuration: "vertica", disk: "/data")
        #expect(nested.message == "vertica: /data: agent.json:2:5: a comma is missing")
        #expect(nested.place?.disk == "/data" && nested.place?.line == 2)
    }

    @Test func `what a fault concerns is a value of its own, and of itself alone where nobody says`() throws {
        struct Away: Fault {
            let kind = FaultKind.storageRefused
            let reach = FaultReach.wholeStore
            let facts = "it is away"
        }
        let away = WireError(of: Away(), node: "node01").within(configuration: "vertica")
        let read: WireErrors = try WireJSON.read(
            from: try WireJSON.document(WireErrors([away])), what: "error")
        #expect(away.reach == .wholeStore && read.reach == .wholeStore && read.errors == [away])
        for member in ["", #","reach":"galaxy""#, #","reach":7"#, #","reach":null"#] {
            let said = #"{"kind":"storageRefused","message":"odd"\#(member)}"#
            let error = try WireJSON.read(WireError.self, from: Array(said.utf8), what: "error")
            #expect(error.reach == .itself, "\(said)")
        }
    }

    private var faults: [WireError] {
        var second = WireError(.configuration, node: "node01", "amanda.conf:9: bad", hint: "mend 9.")
        second.place = FaultPlace(file: "amanda.conf", line: 9, node: "node01", configuration: "vertica")
        return [WireError(.configuration, node: "node01", "amanda.conf:3: bad", hint: "mend 3."), second]
    }
}
