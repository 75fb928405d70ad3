import Tenancy
import Testing

@Suite("Addresses and networks") struct AddressRangeTests {
    @Test("A network holds its addresses, an IPv4 address inside IPv6 included") func contains() throws {
        let network = try #require(AddressRange("10.20.0.0/14"))
        #expect(network.contains("10.23.255.255") && network.contains("::ffff:10.20.0.1"))
        #expect(!network.contains("10.24.0.0") && !network.contains("::1") && !network.contains("nonsense"))
        #expect(try #require(AddressRange("2001:db8::/33")).contains("2001:db8:7fff::1"))
    }

    @Test(
        "What is neither is refused",
        arguments: ["", "10.0.0", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/+8", "::/129", "host", "1.2.3.4\0", "1.2.3.4/8/8", " 1.2.3.4"])
    func refused(text: String) {
        #expect(AddressRange(text) == nil)
    }

    @Test("Loopback, private, link-local and mapped addresses are not the internet's")
    func privacy() {
        for address in [
            "127.0.0.1", "10.1.2.3", "172.31.0.1", "192.168.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "::1", "::", "fe80::1",
            "fd00::1", "::ffff:127.0.0.1", "::7f00:1", "64:ff9b::7f00:1", "224.0.0.1", "255.255.255.255",
        ] { #expect(AddressRange.isPrivate(address), "\(address)") }
        for address in ["8.8.8.8", "172.32.0.1", "193.0.0.1", "2001:4860:4860::8888", "::ffff:8.8.8.8"] {
            #expect(!AddressRange.isPrivate(address), "\(address)")
        }
    }
}
