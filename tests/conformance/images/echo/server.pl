use strict;
use warnings;
use IO::Socket::INET;

$| = 1;
$SIG{TERM} = sub { exit 0 };
my $server = IO::Socket::INET->new(
    LocalPort => $ENV{SERVER_PORT} || 8080, Listen => 16, ReuseAddr => 1
) or die "cannot listen: $@";
print " * Serving Flask app 'echo_service'\n";
while (my $client = $server->accept) {
    my $request = <$client> // "";
    my ($path) = $request =~ m{^GET (\S+)};
    my $found = defined $path && $path eq "/healthcheck";
    my $body = $found ? "I'm ready!" : "not found";
    printf $client "HTTP/1.0 %s\r\nContent-Length: %d\r\n\r\n%s",
        $found ? "200 OK" : "404 Not Found", length $body, $body;
    close $client;
}
