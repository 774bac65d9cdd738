import { Alert, Badge, Card, Code, Group, List, SimpleGrid, Text, Title, VisuallyHidden } from '@mantine/core';
import {
  IconAlertTriangle,
  IconBook2,
  IconBulb,
  IconCode,
  IconFlask,
  IconLock,
  IconNotes,
  IconRocket,
  IconSparkles,
  IconWorld,
  type TablerIcon,
} from '@tabler/icons-react';
import { CodeBox } from './CodeBox.tsx';
import type { Block, Icon as IconName } from './model.ts';
import { Rich } from './Rich.tsx';
import { Receivers, Samples } from './Samples.tsx';
import { TryIt } from './TryIt.tsx';

type Of<K extends Block['is']> = Extract<Block, { is: K }>;

/** How each kind of block is shown. */
const views: { readonly [K in Block['is']]: (block: Of<K>) => React.ReactNode } = {
  text: ({ text }) => (
    <Text className="docs-prose">
      <Rich text={text} />
    </Text>
  ),
  heading: ({ id, icon, text }) => (
    <Title order={3} size="h4" id={id} className="docs-anchor">
      <Icon icon={icon} />
      {text}
    </Title>
  ),
  list: ({ items, ordered }) => (
    <List type={ordered ? 'ordered' : 'unordered'} className="docs-prose docs-list" spacing={6}>
      {items.map((item) => (
        <List.Item key={item}>
          <Rich text={item} />
        </List.Item>
      ))}
    </List>
  ),
  note: ({ tone, title, text }) => (
    <Alert
      color={tone === 'warning' ? 'orange' : 'gate'}
      icon={tone === 'warning' ? <IconAlertTriangle aria-hidden /> : <IconBulb aria-hidden />}
      role="note"
      className="docs-prose docs-note"
    >
      {title !== undefined && <strong>{title}: </strong>}
      <Rich text={text} />
    </Alert>
  ),
  code: ({ title, code }) => <CodeBox title={title} code={code} />,
  route: ({ method, path }) => (
    <Group gap="xs">
      <Method method={method} />
      <Code className="docs-code">{path}</Code>
    </Group>
  ),
  table: (block) => <Table {...block} />,
  samples: ({ operation, title, example }) => (
    <Samples operation={operation} title={title} example={example ?? false} />
  ),
  receivers: ({ title }) => <Receivers title={title} />,
  cards: ({ cards }) => (
    <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="md">
      {cards.map(([title, text]) => (
        <Card key={title} padding="md">
          <Title order={3} size="h5" mb={4}>
            {title}
          </Title>
          <Text size="sm">
            <Rich text={text} />
          </Text>
        </Card>
      ))}
    </SimpleGrid>
  ),
  try: () => <TryIt />,
};

export function Blocks({ blocks }: { readonly blocks: readonly Block[] }) {
  return blocks.map((block, place) => <View key={`${place}-${block.is}`} block={block} />);
}

function View({ block }: { readonly block: Block }) {
  // The compiler cannot tie a union's member to its own row of the table.
  return (views[block.is] as (block: Block) => React.ReactNode)(block);
}

/** On a phone each row becomes a little card that names its columns. */
function Table({ title, head, rows }: Of<'table'>) {
  return (
    <table className="docs-table">
      <caption>
        <VisuallyHidden>{title}</VisuallyHidden>
      </caption>
      <thead>
        <tr>
          {head.map((name) => (
            <th key={name} scope="col">
              <Rich text={name} />
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((cells) => (
          <tr key={cells.slice(0, 2).join()}>
            {cells.map((cell, column) => (
              <td key={head[column]} data-label={head[column]?.replaceAll('`', '')}>
                <div>
                  <Rich text={cell} />
                </div>
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const icons: Readonly<Record<IconName, TablerIcon>> = {
  rocket: IconRocket,
  book: IconBook2,
  world: IconWorld,
  lock: IconLock,
  notes: IconNotes,
  bulb: IconBulb,
  flask: IconFlask,
  code: IconCode,
  sparkles: IconSparkles,
};

export function Icon({ icon }: { readonly icon: IconName | undefined }) {
  if (icon === undefined) return null;
  const Drawn = icons[icon];
  return <Drawn size="1.1em" stroke={1.8} aria-hidden className="docs-icon" />;
}

const colours: Readonly<Record<string, string>> = { GET: 'blue', POST: 'gate', DELETE: 'red' };

export function Method({ method }: { readonly method: string }) {
  return (
    <Badge color={colours[method] ?? 'gray'} variant="light" className="docs-method">
      {method}
    </Badge>
  );
}
