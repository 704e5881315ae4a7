// A MariaDB beside Asterisk: in the lab's network, on a port of loopback, so that the product reaches it from its root.
// It runs outside of the root, where it is installed, and ends with the process space if a test forgets it.
import { describeWithMariadb, Mariadb } from '../../support/mariadb';
import { freePorts } from './ports';

export const DATABASE_USER = { user: 'product', password: "product's secret" } as const;

/** Started, with an empty database of this name that the product's user has all rights in. Its owner calls `remove`. */
export async function startDatabase(name: string): Promise<{ server: Mariadb; settings: string }> {
  const [port] = (await freePorts(1)) as [number];
  const server = await Mariadb.start({ port });
  server.create(name);
  const { user, password } = DATABASE_USER;
  const account = `'${user}'@'127.0.0.1'`;
  server.sql(`CREATE USER ${account} IDENTIFIED BY '${password.replaceAll("'", "''")}';
    GRANT ALL ON ${name}.* TO ${account};`);
  return {
    server,
    settings: JSON.stringify({ host: '127.0.0.1', port, ...DATABASE_USER, database: name }),
  };
}

export { describeWithMariadb, type Mariadb };
