import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from "react";
import { I18nProvider } from "react-aria-components";
import { en } from "./en.ts";
import { ptBr, type Messages } from "./pt-br.ts";

export type Language = "pt-BR" | "en";
type Choice = { language: Language; m: Messages; choose(language: Language): void };

const LanguageContext = createContext<Choice | null>(null);
const STORED = "gt.language";

export const LanguageProvider = ({ children }: { children: ReactNode }) => {
  const [language, setLanguage] = useState<Language>(() => (localStorage.getItem(STORED) === "en" ? "en" : "pt-BR"));
  useEffect(() => {
    document.documentElement.lang = language;
    localStorage.setItem(STORED, language);
  }, [language]);
  const choice = useMemo(() => ({ language, m: language === "en" ? en : ptBr, choose: setLanguage }), [language]);
  return (
    <LanguageContext value={choice}>
      <I18nProvider locale={choice.m.locale}>{children}</I18nProvider>
    </LanguageContext>
  );
};

export const useLanguage = (): Choice => {
  const choice = useContext(LanguageContext);
  if (!choice) throw new Error("Outside of LanguageProvider");
  return choice;
};

export const useMessages = (): Messages => useLanguage().m;
