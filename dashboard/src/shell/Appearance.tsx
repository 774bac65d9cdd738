import { SegmentedControl, Stack, Text, useMantineColorScheme } from '@mantine/core';
import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import { currentLanguage, type Language } from '../i18n.ts';

/** Light, dark, or as the system is. */
export function SchemeChoice() {
  const { t } = useTranslation();
  const label = useId();
  const { colorScheme, setColorScheme } = useMantineColorScheme({ keepTransitions: false });
  return (
    <Stack gap={4}>
      <Text size="sm" fw={500} id={label}>
        {t('scheme.label')}
      </Text>
      <SegmentedControl
        aria-labelledby={label}
        fullWidth
        value={colorScheme}
        onChange={(value) => setColorScheme(value === 'light' || value === 'dark' ? value : 'auto')}
        data={(['auto', 'light', 'dark'] as const).map((value) => ({ value, label: t(`scheme.${value}`) }))}
      />
    </Stack>
  );
}

export function LanguageChoice({ onChoose }: { readonly onChoose: (language: Language) => void }) {
  const { t } = useTranslation();
  const label = useId();
  return (
    <Stack gap={4}>
      <Text size="sm" fw={500} id={label}>
        {t('language')}
      </Text>
      <SegmentedControl
        aria-labelledby={label}
        fullWidth
        value={currentLanguage()}
        onChange={(value) => onChoose(value === 'id' ? 'id' : 'en')}
        data={[
          { value: 'id', label: 'Indonesia' },
          { value: 'en', label: 'English' },
        ]}
      />
    </Stack>
  );
}
