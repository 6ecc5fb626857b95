import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'

/**
 * A host with two pods on a bridge (a: 10.42.0.2, b: 10.42.0.3, each with a web server on 8080) and a client outside (198.51.100.2,
 * the host is 198.51.100.1), made of network namespaces. The caller must be in a network and mount namespace of its own.
 */
export interface SmallNetwork {
  /** What a server answers to somebody: `NAME CLIENT-ADDRESS`, or `refused`, or `nothing` within a second. */
  ask(from: 'host' | 'a' | 'b' | 'out', address: string, port: number): string
  close(): void
}

const sh = (script: string): string =>
  execFileSync('sh', ['-ec', script], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

const server = (name: string) =>
  `require('net').createServer((s) => s.on('error', () => {}).end('${name} ' + s.remoteAddress)).listen(8080, '0.0.0.0', () => console.log('up'))`

export async function makeSmallNetwork(): Promise<SmallNetwork> {
  sh(`mount -t tmpfs tmpfs /run; mkdir -p /run/netns; ip link set lo up
    ip link add br0 type bridge; ip address add 10.42.0.1/16 dev br0; ip link set br0 up
    for pod in a:2 b:3; do n=\${pod%:*}
      ip netns add $n; ip link add v$n type veth peer name eth0 netns $n
      ip link set v$n master br0 up; ip link set v$n type bridge_slave hairpin on
      ip -n $n link set lo up; ip -n $n link set eth0 up
      ip -n $n address add 10.42.0.\${pod#*:}/16 dev eth0; ip -n $n route add default via 10.42.0.1
    done
    ip netns add out; ip link add vout type veth peer name eth0 netns out
    ip address add 198.51.100.1/24 dev vout; ip link set vout up
    ip route add default via 198.51.100.2
    ip -n out link set lo up; ip -n out link set eth0 up
    ip -n out address add 198.51.100.2/24 dev eth0; ip -n out route add default via 198.51.100.1
    echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv4/conf/all/route_localnet`)
  const servers = ['a', 'b'].map((pod) =>
    spawn('ip', ['netns', 'exec', pod, process.execPath, '-e', server(pod)], { stdio: ['ignore', 'pipe', 'inherit'] }),
  )
  await Promise.all(servers.map(({ stdout }) => once(stdout, 'data')))
  // They must not keep the test from ending.
  for (const each of servers) {
    each.stdout.destroy()
    each.unref()
  }
  return {
    ask(from, address, port) {
      const enter = from === 'host' ? [] : ['ip', 'netns', 'exec', from]
      const [program = '', ...args] = [...enter, 'timeout', '1', 'bash', '-c', `cat < /dev/tcp/${address}/${port}`]
      try {
        return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
      } catch (error) {
        return /refused/.test(String((error as { stderr?: string }).stderr)) ? 'refused' : 'nothing'
      }
    },
    close: () => {
      for (const { pid } of servers) if (pid) process.kill(pid)
    },
  }
}
